/** What a request takes beside a bare read of the same rows. */
import { Agent } from "node:http";
import { cellLimitMs } from "../../pipeline/core/answer.ts";
import { familyOf, rowKeyOf } from "../../pipeline/core/cell.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import { tableIdOf } from "../../pipeline/stores/bigtable-layout.ts";
import type { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { postJson } from "./http-post.ts";
import { bodyOf, drawn, plans } from "./served-shop.ts";
import { median, quantileOf, table } from "./support.ts";

/** How often each kind of request is made. */
export interface Turns {
  /** Of each kind in a round. */
  readonly requests: number;
  readonly rounds: number;
}

/**
 * Bare and served in turn, for one key and many, one view and several: the medians of the rounds, and of their ratios. Bare is
 * the Bigtable library's `Table.getRows` with the same filter, in this process, by its own connection. Both have had thousands
 * of calls before: that many it takes until V8 has compiled what is hot.
 * @param url of the server
 */
export async function latencies(
  { requests, rounds }: Turns,
  stores: StoreEndpoints,
  url: string,
): Promise<string> {
  const rows: string[][] = [];
  for (const [service, views] of [
    ["one", plans.slice(0, 1)],
    ["three", plans],
  ] as const) {
    const kinds = [
      (keys: readonly string[]) => bare(stores, views, keys),
      (keys: readonly string[]) => served(url, service, keys),
    ];
    for (const kind of kinds) await warmUp(kind);
    for (const n of [1, 10, 100]) {
      const figures: number[][] = [];
      for (let round = 0; round < rounds; round++) {
        const [b = [], s = []] = await taking(requests, () => drawn(n), kinds);
        const [b50, s50, b99, s99] = [0.5, 0.99].flatMap((q) => [quantileOf(b, q), quantileOf(s, q)]) as [
          number,
          number,
          number,
          number,
        ];
        figures.push([b50, s50, s50 / b50, b99, s99, s99 / b99]);
      }
      const medians = [0, 1, 2, 3, 4, 5].map((i) => median(figures.map((each) => each[i] as number)));
      rows.push([`${String(views.length)} views, ${String(n)} keys`, ...medians.map((ms) => ms.toFixed(2))]);
    }
  }
  return table(["ms", "bare p50", "server p50", "ratio", "bare p99", "server p99", "ratio"], rows);
}

/** 100 keys by requests of so many: how many keys a request to the store should have. */
export async function chunkSizes({ requests, rounds }: Turns, store: BigtableStore): Promise<string> {
  const sizes = [10, 25, 50, 100];
  const chunked = sizes.map((size) => async (keys: readonly string[]) => {
    const chunks = Array.from({ length: keys.length / size }, (_, i) => keys.slice(i * size, (i + 1) * size));
    await Promise.all(chunks.map((some) => store.readViews(plans, some, Date.now())));
  });
  const times = await taking(requests * rounds, () => drawn(100), chunked);
  return table(
    ["100 keys, 3 views, by requests of", "p50 ms", "p99"],
    sizes.map((size, i) => [
      String(size),
      ...[0.5, 0.99].map((q) => quantileOf(times[i] ?? [], q).toFixed(2)),
    ]),
  );
}

async function bare(
  stores: StoreEndpoints,
  views: readonly ViewPlan[],
  keys: readonly string[],
): Promise<void> {
  const { plan } = userPurchases;
  const families = views.map((view) => familyOf(view, stores.generation).replaceAll(".", "\\.")).join("|");
  const filter = [
    { family: new RegExp(families) },
    { time: { start: new Date(0), end: new Date(cellLimitMs(plan, Date.now())) } },
    { column: { cellLimit: 1 } },
  ];
  const bigtable = bigtableClient(stores).instance(stores.bigtable.instance).table(tableIdOf(plan));
  const [rows] = await bigtable.getRows({ keys: keys.map(rowKeyOf), decode: false, filter });
  if (rows.length !== keys.length)
    throw new Error(`${String(rows.length)} rows for ${String(keys.length)} keys`);
}

const agent = new Agent({ keepAlive: true });

async function served(url: string, service: string, keys: readonly string[]): Promise<void> {
  const { status, text } = await postJson(`${url}/v1/services/${service}:read`, bodyOf(keys), agent);
  if (status !== 200 || text.includes('"error"')) throw new Error(text.slice(0, 300));
}

const WARM_UP_CALLS = 10_000;
const CALLERS = 16;

async function warmUp(run: (keys: readonly string[]) => Promise<void>): Promise<void> {
  let left = WARM_UP_CALLS;
  const caller = async () => {
    while (left-- > 0) await run(drawn(1));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** Runs the kinds in turn on the same input, a fifth of it to warm up. @returns the ms of each kind, ascending */
async function taking<T>(
  n: number,
  draw: () => T,
  kinds: readonly ((input: T) => Promise<unknown>)[],
): Promise<number[][]> {
  const times: number[][] = kinds.map(() => []);
  for (let i = -n / 5; i < n; i++) {
    const input = draw();
    for (const [k, run] of kinds.entries()) {
      const startedMs = performance.now();
      await run(input);
      if (i >= 0) times[k]?.push(performance.now() - startedMs);
    }
  }
  return times.map((all) => all.sort((a, b) => a - b));
}
