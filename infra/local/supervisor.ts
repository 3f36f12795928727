import type { PartName, PartSpec } from "./parts/setup.ts";
import { startChild, type Child, type ChildExit } from "./processes.ts";

/** What happens to a part of a running stack. */
export type StackEvent =
  | { readonly type: "ready"; readonly part: PartName; readonly afterMs: number }
  /** The part ended without having been asked to. */
  | { readonly type: "crashed"; readonly part: PartName; readonly exit: ChildExit; readonly logFile: string };

/** Runs the parts of a stack, and tells when one ends that should run. */
export class Supervisor {
  readonly #running = new Map<PartName, Child<unknown>>();
  readonly #onEvent: (event: StackEvent) => void;

  constructor(onEvent: (event: StackEvent) => void) {
    this.#onEvent = onEvent;
  }

  /**
   * Starts a part.
   * @throws StackError
   */
  async start(part: PartName, spec: PartSpec, signal?: AbortSignal): Promise<void> {
    const since = performance.now();
    const child = await startChild(spec, signal === undefined ? {} : { signal });
    this.#running.set(part, child);
    void child.exited.then((exit) => {
      if (this.#running.get(part) !== child) return; // we ended it ourselves
      this.#running.delete(part);
      this.#onEvent({ type: "crashed", part, exit, logFile: spec.logFile });
    });
    this.#onEvent({ type: "ready", part, afterMs: Math.round(performance.now() - since) });
  }

  /** Stops a part, if it runs. */
  async stop(part: PartName): Promise<void> {
    await this.#take(part)?.stop();
  }

  /** Kills a part with SIGKILL, if it runs. */
  async kill(part: PartName): Promise<void> {
    await this.#take(part)?.kill();
  }

  /** Stops all parts. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((part) => this.stop(part)));
  }

  /** Process ids of the parts that run. */
  pids(): Partial<Record<PartName, number>> {
    return Object.fromEntries([...this.#running].map(([part, child]) => [part, child.pid]));
  }

  /** The child, which from now on may end without a word. */
  #take(part: PartName): Child<unknown> | undefined {
    const child = this.#running.get(part);
    this.#running.delete(part);
    return child;
  }
}
