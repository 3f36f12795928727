/** What kept the stack's parts from being installed. */
export type InstallErrorCode =
  | "NO_PYTHON"
  | "NO_JAVA"
  | "UNSUPPORTED_PLATFORM"
  | "BAD_LOCK"
  | "BAD_SETTINGS"
  | "DOWNLOAD_FAILED"
  | "CHECKSUM_MISMATCH"
  | "PIP_FAILED"
  | "BUSY";

/** Thrown when a part of the local stack can't be had; its message is one sentence that says what to do. */
export class InstallError extends Error {
  override readonly name = "InstallError";
  readonly code: InstallErrorCode;

  constructor(code: InstallErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
