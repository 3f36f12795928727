import { formatInstant } from "../core/instant.ts";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** What can be wrong with a request, or with the server. A closed list: a contract with callers. */
export const PROBLEMS = {
  malformed_json: [400, "The body is no JSON"],
  invalid_request: [400, "The request does not meet its schema"],
  bad_parameter: [400, "A parameter is wrong"],
  unauthenticated: [401, "No valid API key or ID token"],
  forbidden: [403, "The caller may not ask"],
  foreign_host: [403, "The request names another host"],
  foreign_origin: [403, "The request comes from another site"],
  changes_not_allowed: [403, "This server changes nothing"],
  not_found: [404, "There is no such path"],
  unknown_service: [404, "There is no such feature service"],
  unknown_view: [404, "There is no such feature view"],
  unknown_letter: [404, "There is no such dead letter"],
  method_not_allowed: [405, "The path has no such method"],
  body_too_large: [413, "The body is too large"],
  unsupported_media_type: [415, "The body must be JSON"],
  too_many_events: [422, "The key has too many events"],
  rate_limited: [429, "Too many requests of one caller"],
  internal: [500, "The server failed"],
  overloaded: [503, "The server is busy"],
  identity_unavailable: [503, "Who asks could not be verified"],
  draining: [503, "The server is ending"],
  store_unavailable: [503, "The online store does not answer"],
  offline_store_unavailable: [503, "The offline store does not answer"],
  deadline_exceeded: [503, "No answer within the deadline"],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

/** The name of a problem. */
export type ProblemCode = keyof typeof PROBLEMS;

/** Where in a request something is wrong. */
export interface FieldProblem {
  /** A JSON pointer into the body (`/keys/0/user_id`), or the name of a parameter or header. */
  readonly field: string;
  /** What would be right. Of what was sent it tells the kind, never a value. */
  readonly detail: string;
}

/** A problem document. @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  /** Of a store that doesn't answer: up to when each view was known to be complete, RFC 3339 or null. */
  readonly complete_through?: Readonly<Record<string, string | null>>;
}

/** What a problem says beside its code. */
export type ProblemExtras = Pick<ProblemDocument, "errors" | "complete_through">;

/** Thrown to answer with a problem document. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;
  /** Response headers beside the usual ones. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    extras: ProblemExtras = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.code = code;
    this.extras = extras;
    this.headers = headers;
  }

  /** HTTP status. */
  get status(): ContentfulStatusCode {
    return PROBLEMS[this.code][0];
  }

  /** The store did not answer in any way that could be served. */
  static storeUnavailable(detail: string, marks: Marks): Problem {
    return new Problem("store_unavailable", detail, { complete_through: lastKnown(marks) }, RETRY_AFTER);
  }

  document(): ProblemDocument {
    const [status, title] = PROBLEMS[this.code];
    const { code, message: detail, extras } = this;
    return { type: `urn:freshet:problem:${code}`, title, status, code, detail, ...extras };
  }
}

/** Up to when each view was known to be complete, by its name; `undefined` where nothing is known. */
export type Marks = readonly (readonly [view: string, completeThroughMs: number | undefined])[];

/** Marks as a problem document tells them. */
export function lastKnown(marks: Marks): Readonly<Record<string, string | null>> {
  return Object.fromEntries(marks.map(([view, ms]) => [view, ms === undefined ? null : formatInstant(ms)]));
}

/** Whole seconds after which what passes may have passed. */
export const RETRY_AFTER = { "Retry-After": "1" } as const;
