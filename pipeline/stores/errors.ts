import { FreshetError } from "../core/errors.ts";

/** What was asked of which store: part of every message about it. */
export interface StoreCall {
  readonly store: "Bigtable" | "BigQuery" | "Pub/Sub";
  /** A verb: "write", "read". */
  readonly operation: string;
  /** The table, topic or data set by its full name. */
  readonly target: string;
}

/** Thrown when a store kept failing until attempts or time ran out. Fails the bundle; the runner tries it again. */
export class StoreUnavailableError extends FreshetError {
  constructor(call: StoreCall, attempts: number, cause: unknown) {
    super(
      "store_unavailable",
      `${call.store} did not ${call.operation} ${call.target} in ${attempts} attempts: ${messageOf(cause)}`,
      { ...call, attempts },
      { cause },
    );
  }
}

/** Thrown when no retry can help, since something is missing, forbidden or misnamed: the message says what to do. */
export class StoreConfigError extends FreshetError {
  constructor(message: string, fields: Record<string, unknown>, options?: ErrorOptions) {
    super("store_config", message, fields, options);
  }
}

/**
 * Thrown when a store refuses a request for what it holds. A writer splits the batch until the entry to blame
 * stands alone, and returns that one as a value.
 */
export class StoreRejectedError extends FreshetError {
  constructor(call: StoreCall, cause: unknown) {
    super(
      "store_rejected",
      `${call.store} refused to ${call.operation} ${call.target}: ${messageOf(cause)}`,
      { ...call },
      { cause },
    );
  }
}

/** An error's own words, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
