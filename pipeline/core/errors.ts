/**
 * Base of every error that a person has to act on: a wrong definition, option, endpoint or state. What is wrong
 * with a single message is a value (a dead letter), never an error. Match on `code`, not on the message.
 */
export class FreshetError extends Error {
  /** Stable and snake_case, unique in the project. */
  readonly code: string;
  /** The thing, the value it had, and what else a program would want of the message. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, fields: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.fields = fields;
  }
}
