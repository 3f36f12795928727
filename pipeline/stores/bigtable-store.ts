import type { Bigtable } from "@google-cloud/bigtable";
import { cellTimestampMs, decodeCell, encodeCell, familyOf, keyOfRowKey, rowKeyOf } from "../core/cell.ts";
import { type Answer, answer, cellLimitMs } from "../core/answer.ts";
import type { FeatureRow } from "../core/model.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import {
  COMPLETE_THROUGH_QUALIFIER,
  CONTROL_FAMILY,
  controlRowKeyOf,
  ROW_QUALIFIER,
  tableIdOf,
} from "./bigtable-layout.ts";
import { type CellWrite, setCells } from "./bigtable-mutations.ts";
import { readNewestCells } from "./bigtable-read.ts";
import type { CompleteThrough } from "./complete-through.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { Retry } from "./retry.ts";
import type { Refused } from "./write-batch.ts";

/** The online store of one generation: what sinks write and serving reads. */
export class BigtableStore {
  readonly #client: Bigtable;
  readonly #instance: string;
  readonly #generation: number;
  readonly #retry: Retry;

  constructor(client: Bigtable, { bigtable, generation }: StoreEndpoints, retry: Retry) {
    this.#client = client;
    this.#instance = bigtable.instance;
    this.#generation = generation;
    this.#retry = retry;
  }

  /**
   * Writes rows of one view, in any order and any number of times.
   * @returns the rows that Bigtable refused for what they hold
   * @throws StoreUnavailableError, StoreConfigError
   */
  async writeRows<R extends FeatureRow>(plan: ViewPlan, rows: readonly R[]): Promise<readonly Refused<R>[]> {
    const family = familyOf(plan, this.#generation);
    const cellOf = (row: R): CellWrite => ({
      rowKey: rowKeyOf(row.key),
      family,
      qualifier: ROW_QUALIFIER,
      timestampMs: cellTimestampMs(row, plan.slideMs),
      value: encodeCell(row),
    });
    return await setCells(this.#client, this.#table(plan).name, rows, cellOf, this.#retry);
  }

  /** The pane of each key that answers at `tMs`, in one request; keys without one are left out. */
  async readPanes(plan: ViewPlan, keys: readonly string[], tMs: number): Promise<Map<string, FeatureRow>> {
    const request = {
      rowKeys: keys.map(rowKeyOf),
      family: familyOf(plan, this.#generation),
      qualifier: ROW_QUALIFIER,
      limitMs: cellLimitMs(plan, tMs),
    };
    const panes = new Map<string, FeatureRow>();
    for (const [rowKey, { value }] of await readNewestCells(this.#table(plan), request, this.#retry)) {
      const key = keyOfRowKey(rowKey);
      panes.set(key, decodeCell(plan, key, value));
    }
    return panes;
  }

  /** What the view says about each key at `tMs`; every key has an answer. */
  async answers(plan: ViewPlan, keys: readonly string[], tMs: number): Promise<Map<string, Answer>> {
    const [panes, mark] = await Promise.all([
      this.readPanes(plan, keys, tMs),
      this.readCompleteThrough(plan),
    ]);
    return new Map(keys.map((key) => [key, answer(plan, panes.get(key), tMs, mark?.completeThroughMs)]));
  }

  /** Marks every on-time row of windows up to `completeThroughMs` as readable; a lower mark never hides a greater. */
  async writeCompleteThrough(
    plan: ViewPlan,
    { completeThroughMs, availableAtMs }: CompleteThrough,
  ): Promise<void> {
    const cell: CellWrite = {
      rowKey: controlRowKeyOf(plan, this.#generation),
      family: CONTROL_FAMILY,
      qualifier: COMPLETE_THROUGH_QUALIFIER,
      timestampMs: completeThroughMs,
      value: Buffer.from(String(availableAtMs)),
    };
    await setCells(this.#client, this.#table(plan).name, [cell], (write) => write, this.#retry);
  }

  /** The greatest mark, or `undefined` before the first. */
  async readCompleteThrough(plan: ViewPlan): Promise<CompleteThrough | undefined> {
    const request = {
      rowKeys: [controlRowKeyOf(plan, this.#generation)],
      family: CONTROL_FAMILY,
      qualifier: COMPLETE_THROUGH_QUALIFIER,
      limitMs: undefined,
    };
    const [cell] = (await readNewestCells(this.#table(plan), request, this.#retry)).values();
    return (
      cell && {
        completeThroughMs: cell.timestampMs,
        availableAtMs: Number(Buffer.from(cell.value).toString()),
      }
    );
  }

  #table(plan: ViewPlan) {
    return this.#client.instance(this.#instance).table(tableIdOf(plan));
  }
}
