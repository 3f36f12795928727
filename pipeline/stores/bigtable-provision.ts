import type { Bigtable, Family, Instance, Table } from "@google-cloud/bigtable";
import { status } from "@grpc/grpc-js";
import type { BigtableFamily, BigtableTable, GcRule } from "./bigtable-layout.ts";
import type { StoreCall } from "./errors.ts";
import { type Retry, withRetry } from "./retry.ts";

/**
 * Creates what is missing of a layout, and gives every family of it the layout's garbage collection. Nothing is
 * deleted. Safe to run at every start, and by two processes at once. The instance must be there (an emulator has
 * every instance).
 */
export async function provisionBigtable(
  client: Bigtable,
  instanceId: string,
  tables: readonly BigtableTable[],
  retry: Retry,
): Promise<void> {
  const instance = client.instance(instanceId);
  for (const table of tables) {
    await ensureTable(instance, table, retry);
    for (const family of table.families) await ensureFamily(instance.table(table.id), family, retry);
  }
}

async function ensureTable(instance: Instance, { id }: BigtableTable, retry: Retry): Promise<void> {
  const call: StoreCall = { store: "Bigtable", operation: "create", target: `table ${id}` };
  await withRetry(call, () => unlessThere(() => instance.createTable(id, { families: [] })), retry);
}

/** The rule is set even on a new family: the emulator collects nothing until a family was modified once. */
async function ensureFamily(table: Table, { id, gc }: BigtableFamily, retry: Retry): Promise<void> {
  const call: StoreCall = {
    store: "Bigtable",
    operation: "create",
    target: `family ${id} of table ${table.id}`,
  };
  const rule = clientRule(gc);
  await withRetry(call, () => unlessThere(() => table.createFamily(id, { rule })), retry);
  await withRetry(call, () => table.family(id).setMetadata({ rule }), retry);
}

async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if ((error as { code?: unknown }).code !== status.ALREADY_EXISTS) throw error;
  }
}

type ClientRule = NonNullable<Parameters<Family["setMetadata"]>[0]["rule"]>;

/** `union`: a cell goes as soon as either limit is passed. */
function clientRule({ maxAgeS, maxVersions }: GcRule): ClientRule {
  if (maxAgeS === undefined) return { versions: maxVersions };
  return { age: { seconds: maxAgeS, nanos: 0 }, versions: maxVersions, union: true };
}
