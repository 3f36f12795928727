import { FreshetError } from "../../../pipeline/core/errors.ts";

/** What kept a part of the local stack from being installed. */
export type InstallErrorCode =
  | "no_python"
  | "no_java"
  | "unsupported_platform"
  | "bad_lock"
  | "bad_maven_repository"
  | "download_failed"
  | "checksum_mismatch"
  | "pip_failed"
  | "build_failed";

/** Thrown when a part of the local stack can't be had; its message is one sentence that says what to do. */
export class InstallError extends FreshetError {
  declare readonly code: InstallErrorCode;

  constructor(code: InstallErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, {}, options);
  }
}
