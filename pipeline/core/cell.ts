import { Reader, Writer } from "./bytes.ts";
import { hash53 } from "./hash.ts";
import type { FeatureRow, PaneTiming } from "./model.ts";
import { readValue, writeValue } from "./value-codec.ts";
import type { ViewPlan } from "./view-plan.ts";

/*
 * A row in Bigtable: one cell, so that a pane is read whole. The key, the view and its version stand in the row key
 * and the family; `available_at` can't stand in the cell, which is written before it is known.
 */

/** The first byte of every cell: another layout gets another one, and both can be read. */
const LAYOUT = 1;
const TIMINGS: readonly PaneTiming[] = ["EARLY", "ON_TIME", "LATE"];

/**
 * The Bigtable row key of an entity key: 4 hex digits of its hash, which spread keys that ascend over all tablets,
 * then `#` and the key.
 */
export function rowKeyOf(key: string): string {
  return `${(hash53(key) % 0x10000).toString(16).padStart(4, "0")}#${key}`;
}

/** The entity key of a Bigtable row key. */
export function keyOfRowKey(rowKey: string): string {
  return rowKey.slice(5);
}

/** The column family of a view version in one generation: `user_purchases.v1.g0`. */
export function familyOf(plan: Pick<ViewPlan, "name" | "version">, generation: number): string {
  return `${plan.name}.v${plan.version}.g${generation}`;
}

/**
 * The timestamp of a row's cell: `window_end + min(seq, slide − 1)`, in ms. So the newest cell is the newest window's
 * fullest pane, in whatever order, and however often, panes are written. From `slide` events on, panes of one window
 * share a timestamp and the last write wins.
 */
export function cellTimestampMs(row: Pick<FeatureRow, "windowEndMs" | "seq">, slideMs: number): number {
  return row.windowEndMs + Math.min(row.seq, slideMs - 1);
}

/** The content of a row's cell. */
export function encodeCell(row: FeatureRow): Uint8Array {
  const to = new Writer(64);
  writeCell(row, to);
  return to.view();
}

/** Writes the content of a row's cell beside other things: it says itself where it ends. */
export function writeCell(row: FeatureRow, to: Writer): void {
  to.byte(LAYOUT);
  to.byte(TIMINGS.indexOf(row.timing));
  to.varint(row.windowEndMs);
  to.varint(row.seq);
  to.varint(row.emptyFromMs - row.windowEndMs);
  to.varint(row.windowEndMs - row.maxEventTimeMs);
  to.varint(row.maxPublishTimeMs - row.maxEventTimeMs);
  to.varint(row.values.length);
  for (const value of row.values) writeValue(value, to);
}

/**
 * The row that a cell holds.
 * @param key the entity key, from the row key
 * @throws RangeError for another layout, another number of columns, or bytes that end too soon
 */
export function decodeCell(plan: ViewPlan, key: string, cell: Uint8Array): FeatureRow {
  return readCell(plan, key, new Reader(cell));
}

/** Reads what `writeCell` wrote. @throws RangeError as `decodeCell` does */
export function readCell(plan: ViewPlan, key: string, from: Reader): FeatureRow {
  const layout = from.byte();
  if (layout !== LAYOUT) throw new RangeError(`a cell of ${plan.name} has layout ${layout}, not ${LAYOUT}`);
  const timing = TIMINGS[from.byte()];
  if (timing === undefined) throw new RangeError(`a cell of ${plan.name} has an unknown timing`);
  const windowEndMs = from.varintNumber();
  const seq = from.varintNumber();
  const emptyFromMs = windowEndMs + from.varintNumber();
  const maxEventTimeMs = windowEndMs - from.varintNumber();
  const maxPublishTimeMs = maxEventTimeMs + from.varintNumber();
  const values = Array.from({ length: from.length() }, () => readValue(from));
  if (values.length !== plan.columns.length) {
    throw new RangeError(`a cell of ${plan.name} has ${values.length} columns, not ${plan.columns.length}`);
  }
  return {
    view: plan.name,
    version: plan.version,
    key,
    windowEndMs,
    values,
    seq,
    maxEventTimeMs,
    maxPublishTimeMs,
    emptyFromMs,
    timing,
  };
}
