import type { Bundle } from "../bundle.ts";

/** What may end at once, or later. */
type Task = () => void | Promise<void>;

/**
 * One task after another, in a bundle. While nothing is under way the caller runs its task itself, without a
 * promise: almost all elements take this path. The others wait in a line, without a promise each.
 */
export class Serial {
  /** Of the work under way: those that wait for it. */
  #line: Task[] | undefined;

  get idle(): boolean {
    return this.#line === undefined;
  }

  /** What was begun on an idle line: tasks that follow wait for it, and so does the bundle. */
  hold(bundle: Bundle, work: Promise<void>): void {
    const line: Task[] = [];
    this.#line = line;
    bundle.defer(
      runAll(work, line).then(() => {
        if (this.#line === line) this.#line = undefined;
      }),
    );
  }

  /** Runs a task after those before it; after a failure it doesn't run. */
  add(bundle: Bundle, task: Task): void {
    if (this.#line === undefined) this.hold(bundle, Promise.resolve().then(task));
    else this.#line.push(task);
  }

  /** Begins a bundle. */
  reset(): void {
    this.#line = undefined;
  }
}

/** The line may grow while it is worked off. */
async function runAll(first: Promise<void>, line: readonly Task[]): Promise<void> {
  await first;
  for (const task of line) {
    const work = task();
    if (work !== undefined) await work;
  }
}
