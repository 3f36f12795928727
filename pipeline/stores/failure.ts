import { status } from "@grpc/grpc-js";
import { StoreConfigError, StoreRejectedError } from "./errors.ts";

/**
 * What a failure says of the next attempt: `outage` may pass; `config` needs a person; `rejected` is the
 * request's own content; `defect` is a fault of this program and never a store's answer.
 */
export type FailureKind = "outage" | "config" | "rejected" | "defect";

const OUTAGE_GRPC = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.RESOURCE_EXHAUSTED,
  status.INTERNAL,
  status.UNKNOWN, // an exception inside the server or a proxy
  status.CANCELLED, // by the other side: this program never cancels
]);
const CONFIG_GRPC = new Set<number>([
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
]);
const CONFIG_HTTP = new Set([401, 403, 404]);
const OUTAGE_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ENETUNREACH",
]);
/** Quotas come from BigQuery as 403, and they pass. @see https://cloud.google.com/bigquery/docs/error-messages */
const OUTAGE_REASONS = new Set(["rateLimitExceeded", "quotaExceeded", "backendError", "internalError"]);

/** Thrown inside an attempt to have it made again: entries were left over, or no answer came in time. */
export class TransientError extends Error {
  override readonly name = "TransientError";
}

/** Sorts an error by its gRPC status (0–16), HTTP status or system code; none of these means `defect`. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof TransientError) return "outage";
  if (error instanceof StoreConfigError) return "config";
  if (error instanceof StoreRejectedError) return "rejected";
  const code = codeOf(error);
  if (typeof code === "string") return OUTAGE_SYSTEM.has(code) ? "outage" : "defect";
  if (code === undefined) return reasonFailureKind(reasonOf(error));
  return code <= 16 ? grpcFailureKind(code) : httpFailureKind(code, reasonOf(error));
}

/** Sorts a gRPC status. @see https://grpc.io/docs/guides/status-codes/ */
export function grpcFailureKind(code: number): FailureKind {
  if (OUTAGE_GRPC.has(code)) return "outage";
  return CONFIG_GRPC.has(code) ? "config" : "rejected";
}

function httpFailureKind(code: number, reason: string | undefined): FailureKind {
  if (code === 408 || code === 429 || code >= 500) return "outage";
  if (reason !== undefined && OUTAGE_REASONS.has(reason)) return "outage";
  return CONFIG_HTTP.has(code) ? "config" : "rejected";
}

const REMEDIES = new Map<unknown, string>([
  [status.NOT_FOUND, "create it (provisioning does) or correct the name"],
  [404, "create it (provisioning does) or correct the name"],
  [status.PERMISSION_DENIED, "grant the worker's service account access to it"],
  [403, "grant the worker's service account access to it"],
  [status.UNAUTHENTICATED, "give valid credentials, or an emulator's address"],
  [401, "give valid credentials, or an emulator's address"],
]);

/** A failed query job comes without a status: its reason says it all. */
function reasonFailureKind(reason: string | undefined): FailureKind {
  if (reason === undefined) return "defect";
  if (OUTAGE_REASONS.has(reason)) return "outage";
  return reason === "notFound" || reason === "accessDenied" ? "config" : "rejected";
}

/** What a person can do about a `config` failure: the end of a sentence. */
export function remedy(error: unknown): string {
  return REMEDIES.get(codeOf(error)) ?? "correct the store's set-up";
}

function codeOf(error: unknown): number | string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, status: httpStatus } = error as { code?: unknown; status?: unknown };
  if (typeof code === "number") return code;
  if (typeof code === "string") return /^\d+$/.test(code) ? Number(code) : code;
  return typeof httpStatus === "number" ? httpStatus : undefined;
}

function reasonOf(error: unknown): string | undefined {
  const { errors } = (error ?? {}) as { errors?: unknown };
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const { reason } = (first ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? reason : undefined;
}
