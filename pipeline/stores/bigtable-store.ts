import type { Bigtable } from "@google-cloud/bigtable";
import { cellTimestampMs, decodeCell, encodeCell, familyOf, keyOfRowKey, rowKeyOf } from "../core/cell.ts";
import { type Answer, answer, cellLimitMs } from "../core/answer.ts";
import type { CompleteThrough } from "../core/complete-through.ts";
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
import type { Cell } from "./bigtable-rows.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { Retry } from "./retry.ts";
import type { Refused } from "./write-batch.ts";

/** The pane of each view asked for, `undefined` where it has none; or why a cell of the key can't be read. */
export type PanesOfKey = readonly (FeatureRow | undefined)[] | RangeError;

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
    const panes = new Map<string, FeatureRow>();
    for (const [key, panesOfKey] of await this.readViews([plan], keys, tMs)) {
      if (panesOfKey instanceof RangeError) throw panesOfKey;
      if (panesOfKey[0] !== undefined) panes.set(key, panesOfKey[0]);
    }
    return panes;
  }

  /**
   * The panes of several views of one entity that answer at `tMs`, in one request.
   * @param [retry] the store's own when left out
   * @returns for each key that has any panes
   * @throws StoreUnavailableError, StoreConfigError
   */
  async readViews(
    plans: readonly ViewPlan[],
    keys: readonly string[],
    tMs: number,
    retry: Retry = this.#retry,
  ): Promise<Map<string, PanesOfKey>> {
    const [first] = plans;
    if (first === undefined) return new Map();
    const families = plans.map((plan) => familyOf(plan, this.#generation));
    const rows = await readNewestCells(
      this.#client,
      this.#table(first).name,
      {
        rowKeys: keys.map(rowKeyOf),
        groups: [...Map.groupBy(plans.keys(), (i) => cellLimitMs(plans[i] as ViewPlan, tMs))].map(
          ([limitMs, indices]) => ({
            families: indices.map((i) => families[i] as string),
            qualifier: ROW_QUALIFIER,
            limitMs,
          }),
        ),
      },
      retry,
    );
    return new Map(
      [...rows].map(([rowKey, cells]) => {
        const key = keyOfRowKey(rowKey);
        const cellsOfViews = families.map((family) => cells.get(family));
        return [key, decodePanes(plans, key, cellsOfViews)];
      }),
    );
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
    return (await this.readMarks([plan]))[0];
  }

  /**
   * The greatest mark of several views of one entity, in one request; `undefined` before a view's first.
   * @param [retry] the store's own when left out
   * @throws StoreUnavailableError, StoreConfigError
   */
  async readMarks(
    plans: readonly ViewPlan[],
    retry: Retry = this.#retry,
  ): Promise<readonly (CompleteThrough | undefined)[]> {
    const [first] = plans;
    if (first === undefined) return [];
    const rowKeys = plans.map((plan) => controlRowKeyOf(plan, this.#generation));
    const groups = [
      { families: [CONTROL_FAMILY], qualifier: COMPLETE_THROUGH_QUALIFIER, limitMs: undefined },
    ];
    const rows = await readNewestCells(this.#client, this.#table(first).name, { rowKeys, groups }, retry);
    return rowKeys.map((rowKey) => {
      const cell = rows.get(rowKey)?.get(CONTROL_FAMILY);
      if (cell === undefined) return undefined;
      const availableAtMs = Number(Buffer.from(cell.value).toString());
      return { completeThroughMs: cell.timestampMs, availableAtMs };
    });
  }

  #table(plan: ViewPlan) {
    return this.#client.instance(this.#instance).table(tableIdOf(plan));
  }
}

/** A cell of another layout, written by a newer version, is one key's misfortune and not that of all. */
function decodePanes(
  plans: readonly ViewPlan[],
  key: string,
  cells: readonly (Cell | undefined)[],
): PanesOfKey {
  try {
    return plans.map((plan, i) => cells[i] && decodeCell(plan, key, cells[i].value));
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}
