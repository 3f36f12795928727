import { FreshetError } from "../../pipeline/core/errors.ts";

/** What kept the local stack, or a part of it, from running. */
export type StackErrorCode = "port_in_use" | "part_died" | "part_silent" | "stack_running" | "no_checkpoint";

/** Thrown when the stack can't be started; its message is one sentence that says what to do. */
export class StackError extends FreshetError {
  declare readonly code: StackErrorCode;

  /** @param fields what the message names: `part`, `port`, `pid`, `logFile` */
  constructor(code: StackErrorCode, message: string, fields: Record<string, unknown> = {}) {
    super(code, message, fields);
  }
}
