import type { Bundle } from "../bundle.ts";

/**
 * One task after another, in a bundle. While nothing is under way the caller runs its task itself, without a
 * promise: almost all elements take this path.
 */
export class Serial {
  #last: Promise<void> | undefined;

  get idle(): boolean {
    return this.#last === undefined;
  }

  /** What was begun on an idle line: tasks that follow wait for it, and so does the bundle. */
  hold(bundle: Bundle, work: Promise<void>): void {
    const last = work.then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    bundle.defer(last);
  }

  /** Runs a task after those before it; after a failure it doesn't run. */
  add(bundle: Bundle, task: () => void | Promise<void>): void {
    this.hold(bundle, this.#last === undefined ? Promise.resolve().then(task) : this.#last.then(task));
  }

  /** Begins a bundle. */
  reset(): void {
    this.#last = undefined;
  }
}
