import { FreshetError } from "../../pipeline/core/errors.ts";

/** One thing wrong with a stack's configuration. */
export interface Mistake {
  /** The key with its namespace: `freshet:image`. */
  readonly key: string;
  /** What is wrong, naming the value it had. */
  readonly problem: string;
  /** The command that mends it; a person may have to put another value in. */
  readonly command: string;
}

/** Thrown when a stack's configuration can't be deployed; it lists every mistake. */
export class StackConfigError extends FreshetError {
  readonly mistakes: readonly Mistake[];

  constructor(stack: string, mistakes: readonly Mistake[]) {
    const list = mistakes.map(({ key, problem, command }) => `  ${key} ${problem}\n      ${command}`);
    const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
    super("stack_config", `the configuration of stack ${stack} has ${count}:\n${list.join("\n")}`, {
      stack,
      mistakes,
    });
    this.mistakes = mistakes;
  }
}
