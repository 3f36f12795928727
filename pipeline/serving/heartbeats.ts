import { messageOf } from "../core/error-message.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import type { OnlineStore } from "./online-store.ts";

/** How the marks of all views are kept. */
export interface HeartbeatOptions {
  /** How often they are read anew, ms. */
  readonly everyMs: number;
  /** How long one reading may take, ms. */
  readonly budgetMs: number;
  /** Called with what a reading failed by. */
  readonly onFailure?: (message: string) => void;
}

/**
 * The last known `complete_through` of each view. It only ever grows, so that an old one can't make an answer look
 * fresher than it is: it makes it stale too early, by the age of the reading.
 */
export class Heartbeats {
  readonly #store: OnlineStore;
  readonly #byEntity: readonly (readonly ViewPlan[])[];
  readonly #options: HeartbeatOptions;
  readonly #marks = new Map<ViewPlan, number>();
  #timer: NodeJS.Timeout | undefined;
  #refreshedMs: number | undefined;

  constructor(store: OnlineStore, plans: readonly ViewPlan[], options: HeartbeatOptions) {
    this.#store = store;
    this.#byEntity = [...Map.groupBy(plans, ({ entity }) => entity).values()];
    this.#options = options;
  }

  /** Up to when all on-time rows of the view are readable, epoch ms; `undefined` where that is not known. */
  of(plan: ViewPlan): number | undefined {
    return this.#marks.get(plan);
  }

  /** How long ago all marks were read, ms; `undefined` before the first time. */
  get ageMs(): number | undefined {
    return this.#refreshedMs === undefined ? undefined : performance.now() - this.#refreshedMs;
  }

  /** Whether the store answered lately: three readings may fail before it counts as gone. */
  get alive(): boolean {
    const { everyMs, budgetMs } = this.#options;
    return this.ageMs !== undefined && this.ageMs < 3 * (everyMs + budgetMs);
  }

  /** Reads all marks. Never throws: an entity that can't be read keeps what is known of it. */
  async refresh(): Promise<void> {
    const done = await Promise.all(this.#byEntity.map((plans) => this.#read(plans)));
    if (done.every(Boolean)) this.#refreshedMs = performance.now();
  }

  /** Reads them again and again, one reading after the other, until `stop`. */
  start(): void {
    this.#timer = setTimeout(() => {
      void this.refresh().then(() => {
        if (this.#timer !== undefined) this.start();
      });
    }, this.#options.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #read(plans: readonly ViewPlan[]): Promise<boolean> {
    try {
      const marks = await this.#store.readCompleteThrough(plans, this.#options.budgetMs);
      for (const [i, plan] of plans.entries()) {
        const mark = marks[i];
        if (mark !== undefined) this.#marks.set(plan, Math.max(mark, this.#marks.get(plan) ?? mark));
      }
      return true;
    } catch (error) {
      this.#options.onFailure?.(messageOf(error));
      return false;
    }
  }
}
