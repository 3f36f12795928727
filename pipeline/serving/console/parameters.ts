import type { Context } from "hono";
import { z } from "zod";
import { parseInstant } from "../../core/instant.ts";
import { faultsOf } from "../contract.ts";
import { Problem } from "../problem.ts";

/** The instants that can be asked for, epoch ms: what a BigQuery timestamp holds, and sums of it with any window. */
const FIRST_MS = Date.UTC(2000, 0, 1);
const LAST_MS = Date.UTC(9000, 0, 1);

/** An instant in RFC 3339, as epoch ms. */
export const instantParameter = z.string().transform((text, context): number => {
  const ms = parseInstant(text);
  if (ms !== undefined && ms >= FIRST_MS && ms < LAST_MS) return ms;
  context.addIssue({
    code: "custom",
    message: "it must be an RFC 3339 time after 1999, like 2026-01-31T12:00:00Z",
  });
  return z.NEVER;
});

/** A name or id of any kind: short, well-formed text. */
export const textParameter = z
  .string()
  .min(1)
  .max(2_000)
  .refine((text) => text.isWellFormed(), { error: "must be well-formed text" });

/** How far back a page looks, in hours. */
export const hoursParameter = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, { error: "it must be a whole number of hours, 1 to 9,999" })
  .transform(Number);

/** Rows of a page. */
export const limitParameter = z
  .string()
  .regex(/^([1-9]\d?|100)$/, { error: "it must be a whole number, 1 to 100" })
  .transform(Number);

/**
 * The query of a request's URL, by a schema.
 * @throws Problem `bad_parameter`, which names each parameter and tells no value
 */
export function parameters<T>(c: Context, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(c.req.query());
  if (parsed.success) return parsed.data;
  const errors = faultsOf(parsed.error).map(({ field, detail }) => ({ field: field.slice(1), detail }));
  const [first] = errors;
  throw new Problem("bad_parameter", `${first?.field || "the query"}: ${first?.detail ?? ""}`, { errors });
}

/** Where a page of a list ends, as text that a caller gives back and needn't understand. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/**
 * Reads a cursor.
 * @param shape what `cursorOf` was given
 * @throws Problem `bad_parameter`
 */
export function placeOf<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    const parsed = shape.safeParse(JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown);
    if (parsed.success) return parsed.data;
  } catch {
    // as below
  }
  const detail = "it must be the `next` of the page before";
  throw new Problem("bad_parameter", `after: ${detail}`, { errors: [{ field: "after", detail }] });
}
