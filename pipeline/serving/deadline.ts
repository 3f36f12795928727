import { within } from "../stores/within.ts";
import { lastKnown, type Marks, Problem, RETRY_AFTER } from "./problem.ts";

/** When a request's answer is due, on a clock that never jumps. */
export class Deadline {
  readonly budgetMs: number;
  readonly #dueMs: number;

  constructor(budgetMs: number) {
    this.budgetMs = budgetMs;
    this.#dueMs = performance.now() + budgetMs;
  }

  /** What is left of it, ms; never below 0. */
  get leftMs(): number {
    return Math.max(0, this.#dueMs - performance.now());
  }

  /**
   * What work gives, if it is there in time. Work that isn't goes on unheeded.
   * @throws Problem `deadline_exceeded`
   */
  of<T>(work: Promise<T>): Promise<T> {
    return within(work, this.leftMs, () => this.exceeded());
  }

  /** @param [marks] up to when the views asked for were known to be complete */
  exceeded(marks?: Marks): Problem {
    const detail = `there was no answer within ${String(this.budgetMs)} ms`;
    const extras = marks && { complete_through: lastKnown(marks) };
    return new Problem("deadline_exceeded", detail, extras, RETRY_AFTER);
  }
}
