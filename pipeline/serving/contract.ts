import { z } from "zod";
import { MAX_KEY_BYTES } from "../core/decode.ts";
import type { FeatureService } from "../define/index.ts";
import type { ServiceKey } from "./read.ts";
import { type FieldProblem, Problem } from "./problem.ts";

/** A read as a service's schema gave it. */
export interface ReadRequest {
  readonly keys: readonly ServiceKey[];
  readonly request: unknown;
}

const KEY_PROBLEM = `must be well-formed text of at most ${String(MAX_KEY_BYTES)} bytes of UTF-8`;

/** An entity's key, as the pipeline takes it: never empty, well-formed, and short. */
export const keySchema = z
  .string()
  .min(1)
  .max(MAX_KEY_BYTES)
  .refine((key) => key.isWellFormed() && Buffer.byteLength(key) <= MAX_KEY_BYTES, { error: KEY_PROBLEM })
  .describe("An entity's key.");

/**
 * The body of a service's read: `{ "keys": [{ "user_id": "u1" }], "request": { "amount_usd": 12.5 } }`. The request may be
 * left out where the service takes an empty one.
 */
export function readSchema(service: FeatureService, maxKeys: number): z.ZodType<ReadRequest> {
  const key = z.strictObject(Object.fromEntries(service.plan.keyFields.map((field) => [field, keySchema])));
  const request = service.request.safeParse({}).success ? service.request.prefault({}) : service.request;
  return z.strictObject({
    keys: z.array(key).min(1).max(maxKeys).describe("One key or many; results come in their order."),
    request: request.describe("What the caller knows: it holds for all keys."),
  });
}

/** How many faults of a body are told of. */
const TOLD = 10;
const DETAIL_LENGTH = 200;

/**
 * Checks a value against a schema.
 * @throws Problem `invalid_request`, which names each field by a JSON pointer and tells no value of it
 */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = faultsOf(parsed.error);
  const [first] = errors;
  const more = parsed.error.issues.length - errors.length;
  const detail = `${first?.field || "the body"}: ${first?.detail ?? ""}${more > 0 ? ` (and ${String(more)} more)` : ""}`;
  throw new Problem("invalid_request", detail, { errors });
}

/** The first faults that a schema found, with their places as JSON pointers. */
export function faultsOf({ issues }: z.ZodError): readonly FieldProblem[] {
  return issues.slice(0, TOLD).map(fieldProblem);
}

function fieldProblem({ path, message }: z.core.$ZodIssue): FieldProblem {
  const field = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  return { field, detail: shortened(message) };
}

/** Messages name unknown fields, which a caller chose: they are cut, and shown as text. */
function shortened(message: string): string {
  const text = message.toWellFormed();
  return text.length <= DETAIL_LENGTH ? text : `${text.slice(0, DETAIL_LENGTH).toWellFormed()}…`;
}
