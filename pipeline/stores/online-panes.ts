import type { Bigtable } from "@google-cloud/bigtable";
import { decodeCell, familyOf, keyOfRowKey, rowKeyOf } from "../core/cell.ts";
import { messageOf } from "../core/error-message.ts";
import type { FeatureRow } from "../core/model.ts";
import { sliceOf } from "../core/slices.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { ROW_QUALIFIER, tableIdOf } from "./bigtable-layout.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { StoreCall } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/** All panes of a key that the online store still has: for audits. Serving reads the newest alone. */
export interface OnlinePanes {
  readonly key: string;
  readonly panes: readonly FeatureRow[];
  /** Cells that hold no row of this view, or one of another window than their timestamp says. */
  readonly unreadable: readonly { readonly windowEndMs: number; readonly detail: string }[];
}

/** Which rows to read: some keys, or those in the order of their row keys after one of them. */
export type RowChoice =
  | { readonly keys: readonly string[] }
  | {
      /** Exclusive; `undefined`: from the first. */
      readonly after: string | undefined;
      /** Inclusive; `undefined`: to the last. */
      readonly through: string | undefined;
      readonly limit: number;
    };

interface Cell {
  readonly value: Buffer;
  /** Microseconds. */
  readonly timestamp: string;
}

/**
 * Reads whole rows of one view, in the order of row keys: by the hash of the key, then the key.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readOnlinePanes(
  client: Bigtable,
  { bigtable, generation }: StoreEndpoints,
  plan: ViewPlan,
  choice: RowChoice,
  retry: Retry,
): Promise<OnlinePanes[]> {
  const table = client.instance(bigtable.instance).table(tableIdOf(plan));
  const family = familyOf(plan, generation);
  const call: StoreCall = { store: "Bigtable", operation: "read", target: `table ${table.id}` };
  const options = {
    ...rowsOf(choice),
    decode: false,
    filter: [
      { family: new RegExp(family.replaceAll(".", "\\.")) },
      { column: { name: new RegExp(ROW_QUALIFIER) } },
    ],
  };
  const [rows] = await withRetry(call, () => table.getRows(options), retry);
  return rows.map((row) => {
    const data = row.data as Readonly<Record<string, Readonly<Record<string, readonly Cell[]>>>>;
    // Nothing is decoded by the client: the row key is bytes too.
    const rowKey = Buffer.from(row.id).toString();
    return decodeAll(plan, keyOfRowKey(rowKey), data[family]?.[ROW_QUALIFIER] ?? []);
  });
}

function rowsOf(choice: RowChoice) {
  if ("keys" in choice) return { keys: choice.keys.map(rowKeyOf) };
  const { after, through, limit } = choice;
  const start = { value: after === undefined ? "" : rowKeyOf(after), inclusive: after === undefined };
  // `~` begins the control rows, which no key's row comes after.
  const end = { value: through === undefined ? "~" : rowKeyOf(through), inclusive: through !== undefined };
  return { ranges: [{ start, end }], limit };
}

function decodeAll(plan: ViewPlan, key: string, cells: readonly Cell[]): OnlinePanes {
  const panes: FeatureRow[] = [];
  const unreadable: { readonly windowEndMs: number; readonly detail: string }[] = [];
  for (const { value, timestamp } of cells) {
    const windowEndMs = sliceOf(Number(timestamp) / 1000, plan.slideMs);
    try {
      const row = decodeCell(plan, key, value);
      if (row.windowEndMs === windowEndMs) panes.push(row);
      else
        unreadable.push({ windowEndMs, detail: `its row is of another window, ${String(row.windowEndMs)}` });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      unreadable.push({ windowEndMs, detail: messageOf(error) });
    }
  }
  return { key, panes, unreadable };
}
