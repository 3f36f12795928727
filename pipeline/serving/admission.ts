import type { Deadline } from "./deadline.ts";
import { Problem, RETRY_AFTER } from "./problem.ts";

/** How much is let in at once. */
export interface AdmissionLimits {
  /** Requests that are worked on. */
  readonly concurrent: number;
  /** Requests that wait for one of these to end; any further is refused. */
  readonly queued: number;
}

interface Waiting {
  readonly admit: () => void;
}

/**
 * Lets a bounded number of requests in and a bounded number wait, in the order of their coming. What would wait longer
 * than that is refused at once: an answer that comes too late costs as much as one in time.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #queue = new Set<Waiting>();
  #active = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Requests that are worked on. */
  get active(): number {
    return this.#active;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Does a piece of work when there is room.
   * @throws Problem `overloaded` where the queue is full, `deadline_exceeded` where room comes too late
   */
  async run<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#limits.concurrent) await this.#room(deadline);
    else this.#active += 1;
    try {
      return await work();
    } finally {
      const [next] = this.#queue;
      if (next === undefined) this.#active -= 1;
      else next.admit(); // the place is handed on
    }
  }

  async #room(deadline: Deadline): Promise<void> {
    const { concurrent, queued } = this.#limits;
    if (this.#queue.size >= queued) {
      const detail = `${String(concurrent)} requests are worked on and ${String(queued)} wait`;
      throw new Problem("overloaded", detail, {}, RETRY_AFTER);
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#queue.delete(waiting);
      };
      const waiting: Waiting = {
        admit: () => {
          leave();
          resolve();
        },
      };
      const timer = setTimeout(() => {
        leave();
        reject(deadline.exceeded());
      }, deadline.leftMs);
      this.#queue.add(waiting);
    });
  }
}
