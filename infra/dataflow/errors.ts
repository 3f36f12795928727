import { FreshetError } from "../../pipeline/core/errors.ts";

/** What can keep a Dataflow job from being written, submitted, updated or ended. */
export type DataflowErrorCode =
  | "missing_option"
  | "bad_option"
  | "image_not_pinned"
  | "image_not_found"
  | "no_credentials"
  | "unreachable"
  | "api_not_enabled"
  | "billing_disabled"
  | "permission_denied"
  | "quota_exceeded"
  | "bucket_missing"
  | "not_found"
  | "name_taken"
  | "no_running_job"
  | "job_busy"
  | "graph_missing"
  | "incompatible_update"
  | "job_refused"
  | "job_failed"
  | "not_in_time";

/** Thrown when a Dataflow job can't be had; its message says what is wrong and what to run. */
export class DataflowError extends FreshetError {
  declare readonly code: DataflowErrorCode;

  constructor(
    code: DataflowErrorCode,
    message: string,
    fields: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, fields, options);
  }
}
