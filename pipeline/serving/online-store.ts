import type { ViewPlan } from "../core/view-plan.ts";
import type { PanesOfKey } from "../stores/bigtable-store.ts";

/** What a read may cost. */
export interface ReadLimits {
  /** How long the answer is waited for, ms. */
  readonly budgetMs: number;
  /** Cancels the read: it rejects, and the store is told where it can be. */
  readonly signal?: AbortSignal;
}

/** What the server asks of the online store: a port, so that tests need no Bigtable. */
export interface OnlineStore {
  /**
   * The panes of several views of one entity that may answer at `tMs`.
   * @returns for each key that has any panes, in the views' order; keys that others asked for may be among them
   * @throws StoreUnavailableError, StoreConfigError
   */
  readViews(
    plans: readonly ViewPlan[],
    keys: readonly string[],
    tMs: number,
    limits: ReadLimits,
  ): Promise<ReadonlyMap<string, PanesOfKey>>;
  /**
   * Up to which time all on-time rows of each view are readable, epoch ms; the views are of one entity.
   * @throws StoreUnavailableError, StoreConfigError
   */
  readCompleteThrough(plans: readonly ViewPlan[], budgetMs: number): Promise<readonly (number | undefined)[]>;
}
