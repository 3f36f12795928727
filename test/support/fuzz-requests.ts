/** Requests of every shape, near to right ones and far from them, and what any answer must be like. */
import fc from "fast-check";
import { PROBLEMS } from "../../pipeline/serving/problem.ts";

/** Names that stand in the contract, and others. */
const name = fc.oneof(
  fc.constantFrom(
    "keys",
    "request",
    "user_id",
    "item_id",
    "amount_usd",
    "country",
    "__proto__",
    "constructor",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const leaf = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, "ann", "DE", "\ud800", "a".repeat(2_000), 1e308, -0),
);
const anything = fc.jsonValue({ maxDepth: 3 });
const key = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({ user_id: fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }) }),
  },
  { weight: 4, arbitrary: fc.record({ user_id: leaf }) },
  { weight: 2, arbitrary: fc.record({ user_id: leaf, item_id: leaf }) },
  { weight: 1, arbitrary: fc.dictionary(name, leaf, { maxKeys: 3 }) },
  { weight: 1, arbitrary: anything },
);
const json = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      keys: fc.oneof(
        { weight: 8, arbitrary: fc.array(key, { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: anything },
      ),
      request: fc.oneof(
        {
          weight: 4,
          arbitrary: fc.record({ amount_usd: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }) }),
        },
        { weight: 2, arbitrary: fc.record({ amount_usd: leaf, country: leaf }, { requiredKeys: [] }) },
        { weight: 1, arbitrary: anything },
      ),
    }),
  },
  fc.dictionary(name, anything, { maxKeys: 4 }),
  anything,
);
const text = json.map((value) => JSON.stringify(value));
/** The same with a bite taken out, or something put in. */
const broken = fc
  .tuple(text, fc.nat(), fc.nat(20), fc.string({ unit: "binary", maxLength: 5 }))
  .map(([whole, at, length, put]) => {
    const from = at % (whole.length + 1);
    return whole.slice(0, from) + put + whole.slice(from + length);
  });
const body = fc.oneof(
  { weight: 8, arbitrary: text },
  { weight: 2, arbitrary: broken },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)) },
);
const segment = fc.oneof(
  fc.constantFrom(
    "fraud",
    "ranking",
    "fraud@1",
    "fraud@0",
    "user_purchases",
    "item_activity@1",
    "..",
    "%2e",
    "%ff",
    ":read",
  ),
  fc.string({ unit: "binary", maxLength: 12 }).map((raw) => encodeURIComponent(raw.toWellFormed())),
);
const path = fc.oneof(
  { weight: 12, arbitrary: fc.constant("/v1/services/fraud:read") },
  { weight: 3, arbitrary: fc.constant("/v1/services/ranking@1:read") },
  { weight: 2, arbitrary: segment.map((service) => `/v1/services/${service}:read`) },
  { weight: 1, arbitrary: segment.map((of) => `/v1/views/user_purchases/keys/${of}`) },
  { weight: 2, arbitrary: fc.tuple(segment, segment).map(([view, of]) => `/v1/views/${view}/keys/${of}`) },
  { weight: 1, arbitrary: fc.webPath() },
);
const headers = fc.record(
  {
    "Content-Type": fc.oneof(
      { weight: 20, arbitrary: fc.constant("application/json") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("text/plain", "", "application/json; charset=x", "APPLICATION/JSON"),
      },
    ),
    "Freshet-Timeout-Ms": fc.oneof(
      { weight: 9, arbitrary: fc.constant("5000") },
      { weight: 1, arbitrary: fc.constantFrom("0", "x", "9".repeat(30), "1e3") },
    ),
    Authorization: fc.constantFrom("Bearer", "Bearer x"),
  },
  { requiredKeys: ["Content-Type"] },
);
const method = fc.oneof(
  { weight: 40, arbitrary: fc.constant("POST") },
  { weight: 2, arbitrary: fc.constant("GET") },
  { weight: 1, arbitrary: fc.constantFrom("PUT", "DELETE") },
);

/** A request to the feature server of the project's own services. */
export interface FuzzRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** None where the method has none. */
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

/** Any request. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .record({ path, method, headers, body })
  .map(({ body, ...rest }) => ({ ...rest, body: rest.method === "GET" ? undefined : body }));

/** What an inside would show itself by: code, stores, a stack. */
const INSIDE = /node_modules|\.ts\b|\n {4}at |Zod|TypeError|Cannot read|undefined is/;

/**
 * Looks at an answer.
 * @returns `answered`, or the problem's code
 * @throws Error where the server failed, where a problem is none of the contract's, or where the text shows the inside
 */
export function harmless(status: number, text: string): string {
  const shown = INSIDE.exec(text);
  if (shown !== null) throw new Error(`an answer shows ${JSON.stringify(shown[0])}: ${text}`);
  if (status === 200) return "answered";
  if (status >= 500) throw new Error(`the server failed by ${status}: ${text}`);
  const problem = JSON.parse(text) as { readonly code: keyof typeof PROBLEMS; readonly status: number };
  if (PROBLEMS[problem.code][0] === status && problem.status === status) return problem.code;
  throw new Error(`${status} is not the status of this problem: ${text}`);
}
