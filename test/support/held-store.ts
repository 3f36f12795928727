/** An online store whose reads wait for the test. */
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { OnlineStore, ReadLimits } from "../../pipeline/serving/online-store.ts";
import type { PanesOfKey } from "../../pipeline/stores/bigtable-store.ts";

type Panes = ReadonlyMap<string, PanesOfKey>;

/** A read that was asked for. */
interface HeldRead extends ReadLimits {
  readonly plans: readonly ViewPlan[];
  readonly keys: readonly string[];
  readonly ends: PromiseWithResolvers<Panes>;
}

/** A store whose reads answer when the test says so, or when they are cancelled. */
export class HeldStore implements OnlineStore {
  readonly reads: HeldRead[] = [];
  readonly #name: string;
  #next = Promise.withResolvers<undefined>();

  /** @param [name] the one key that `answer` has panes of */
  constructor(name = "") {
    this.#name = name;
  }

  readViews: OnlineStore["readViews"] = (plans, keys, _tMs, limits) => {
    const ends = Promise.withResolvers<Panes>();
    limits.signal?.addEventListener("abort", () => ends.reject(limits.signal?.reason));
    this.reads.push({ plans, keys, ...limits, ends });
    this.#next.resolve(undefined);
    this.#next = Promise.withResolvers();
    return ends.promise;
  };
  readCompleteThrough = () => Promise.resolve([]);

  /** Waits until it is asked for the n-th time, from 1. */
  async asked(n = 1): Promise<void> {
    while (this.reads.length < n) await this.#next.promise;
  }

  answer(i = 0): void {
    this.reads[i]?.ends.resolve(new Map([[this.#name, []]]));
  }
}
