import { cellTimestampMs } from "../../pipeline/core/cell.ts";
import { cellLimitMs } from "../../pipeline/core/answer.ts";
import type { FeatureRow } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { OnlineStore } from "../../pipeline/serving/online-store.ts";
import type { PanesOfKey } from "../../pipeline/stores/bigtable-store.ts";

/** An online store in memory, by Bigtable's rule: the newest cell below the limit. It counts what is asked of it. */
export class MemoryStore implements OnlineStore {
  /** The keys of each request, in the requests' order. */
  readonly reads: { readonly views: readonly string[]; readonly keys: readonly string[] }[] = [];
  readonly marks = new Map<string, number>();
  readonly unreadable = new Set<string>();
  /** Called before each read with its keys: what it rejects with, the read does. */
  before: (keys: readonly string[]) => Promise<void> = () => Promise.resolve();
  readonly #rows: { readonly plan: ViewPlan; readonly row: FeatureRow }[] = [];

  write(plan: ViewPlan, ...rows: readonly FeatureRow[]): this {
    this.#rows.push(...rows.map((row) => ({ plan, row })));
    return this;
  }

  async readViews(
    plans: readonly ViewPlan[],
    keys: readonly string[],
    tMs: number,
  ): Promise<Map<string, PanesOfKey>> {
    this.reads.push({ views: plans.map(({ name }) => name), keys });
    await this.before(keys);
    return new Map(
      keys.map((key) => [
        key,
        this.unreadable.has(key)
          ? new RangeError("layout 9")
          : plans.map((plan) => this.#newest(plan, key, tMs)),
      ]),
    );
  }

  async readCompleteThrough(plans: readonly ViewPlan[]): Promise<(number | undefined)[]> {
    await this.before([]);
    return plans.map(({ name }) => this.marks.get(name));
  }

  #newest(plan: ViewPlan, key: string, tMs: number): FeatureRow | undefined {
    const at = (row: FeatureRow) => cellTimestampMs(row, plan.slideMs);
    return this.#rows
      .filter((each) => each.plan === plan && each.row.key === key && at(each.row) < cellLimitMs(plan, tMs))
      .map(({ row }) => row)
      .sort((a, b) => at(b) - at(a))[0];
  }
}
