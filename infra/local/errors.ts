/** What kept the local stack, or a part of it, from running. */
export type StackErrorCode = "PORT_IN_USE" | "PART_DIED" | "PART_SILENT" | "STACK_RUNNING" | "NO_CHECKPOINT";

/** Thrown when the stack can't be started; its message is one sentence that says what to do. */
export class StackError extends Error {
  override readonly name = "StackError";
  readonly code: StackErrorCode;
  /** The part concerned, where it is one. */
  readonly part?: string;

  constructor(code: StackErrorCode, message: string, part?: string) {
    super(message);
    this.code = code;
    if (part !== undefined) this.part = part;
  }
}
