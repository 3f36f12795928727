/** What servers do under load: Freshet's, and Feast's beside it. */
import path from "node:path";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { capacityOf, perCoreWhenBusy } from "./capacity.ts";
import { type FeastServer, startFeast } from "./feast.ts";
import type { Load, LoadSender } from "./load.ts";
import { bodyOf, drawn, type ServedShop } from "./served-shop.ts";
import { median, table } from "./support.ts";

/** Who is asked for what. */
export interface Asked {
  readonly name: string;
  readonly url: string;
  /** The server's first process. */
  readonly pid: number;
  readonly body: (keys: readonly string[]) => string;
}

/** Both services of Freshet's server. */
export function servicesOf({ url, pid }: ServedShop): readonly Asked[] {
  return [
    { name: "Freshet, 1 view", url: `${url}/v1/services/one:read`, pid, body: bodyOf },
    { name: "Freshet, 3 views", url: `${url}/v1/services/three:read`, pid, body: bodyOf },
  ];
}

/** Feast's server over each of its stores, beside the services of Freshet's, while something is done. */
export async function besideFeast<T>(
  stores: StoreEndpoints,
  dir: string,
  run: (feast: readonly Asked[]) => Promise<T>,
): Promise<T> {
  const started: (FeastServer & { readonly name: string })[] = [];
  for (const store of ["SQLite", "Bigtable"] as const) {
    const server = await startFeast(store, stores, path.join(dir, store));
    started.push({ ...server, name: `Feast, 1 view in ${store}` });
  }
  try {
    return await run(started);
  } finally {
    for (const server of started) server.stop();
  }
}

const KEYS = [1, 10] as const;

/**
 * What a request costs a server that has no time to spare: the fairest figure on a machine with others on it. A first round
 * that isn't counted warms them up.
 */
export async function costs(
  { seconds, rounds }: { readonly seconds: number; readonly rounds: number },
  sender: LoadSender,
  all: readonly Asked[],
): Promise<string> {
  const found = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const n of KEYS) {
      for (const asked of all) {
        const label = `${asked.name}, ${String(n)} keys`;
        const perCore = await perCoreWhenBusy(sender, loadOf(asked, n, seconds), asked.pid);
        if (round >= 0) found.set(label, [...(found.get(label) ?? []), perCore]);
      }
    }
  }
  const rows = [...found].map(([name, each]) => [
    name,
    median(each).toFixed(0),
    each.map((n) => n.toFixed(0)).join(" "),
  ]);
  return table(["", "requests a core-second", "rounds"], rows);
}

/** The highest rates that are answered in time. */
export async function capacities(
  { seconds, limit }: { readonly seconds: number; readonly limit: number },
  sender: LoadSender,
  all: readonly Asked[],
): Promise<string> {
  const rows: string[][] = [];
  for (const n of KEYS) {
    for (const asked of all) {
      const { rate, p99, cores, perCore } = await capacityOf(
        sender,
        loadOf(asked, n, seconds),
        asked.pid,
        limit,
      );
      rows.push([
        `${asked.name}, ${String(n)} keys`,
        rate === 0 ? "none" : String(rate),
        p99.toFixed(1),
        cores.toFixed(2),
        perCore.toFixed(0),
      ]);
    }
  }
  return table(
    ["", `requests/s at p99 ≤ ${String(limit)} ms`, "p99 ms", "cores", "requests a core-second"],
    rows,
  );
}

function loadOf({ url, body }: Asked, keys: number, seconds: number): Omit<Load, "ratePerSecond"> {
  return { url, bodies: Array.from({ length: 200 }, () => body(drawn(keys))), seconds };
}
