import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import { runParity } from "../support/audited.ts";
import { eventually, expectTruth, type Live, offlineRows, publish, startLive } from "../support/live.ts";
import { shopTraffic } from "../support/shop-traffic.ts";
import { tcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

/*
 * The main job while the network to a store fails under it: slow, cut in the middle of what it carries, swallowing
 * everything. The job sees the emulators through a proxy each; the test, and the archive, go straight. Afterwards both
 * stores hold what the oracle says, and parity finds no difference. It doesn't prove how Google's own services fail.
 */
const SLIDE_MS = 60_000;
const EVENTS = 150;
/** Amid a batch: longer than the frames that open a connection, shorter than the rows of `EVENTS`. */
const AMID_BYTES = 5_000;

let live: Live;
const proxies: { bigtable?: TcpProxy; bigquery?: TcpProxy } = {};
const shop = shopTraffic(Date.now, 100);
const plan = features.plan("user_purchases");

beforeAll(async () => {
  live = await startLive(async (stores) => {
    const { emulatorHost = "" } = stores.bigtable;
    const { apiEndpoint = "" } = stores.bigquery;
    proxies.bigtable = await tcpProxy(emulatorHost, false);
    proxies.bigquery = await tcpProxy(new URL(apiEndpoint).host, false);
    return {
      ...stores,
      bigtable: { ...stores.bigtable, emulatorHost: proxies.bigtable.address },
      bigquery: { ...stores.bigquery, apiEndpoint: `http://${proxies.bigquery.address}` },
    };
  });
});
afterAll(async () => {
  await live.stop();
  await closeClients();
  await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
});

/** Publishes, and waits until rows of it are in the offline store, and so in the online one. That it is all is told at the end. */
async function send(meanwhile: () => Promise<void>): Promise<void> {
  await publish(live, shop.next(EVENTS));
  const { lastMs } = shop;
  await meanwhile();
  await eventually(async () => {
    const seen = (await offlineRows(live, plan)).reduce(
      (sum, { maxPublishTimeMs }) => Math.max(sum, maxPublishTimeMs),
      0,
    );
    expect(seen).toBeGreaterThanOrEqual(lastMs);
  });
}

describe.each(["bigtable", "bigquery"] as const)("the main job, while %s", (store) => {
  const proxy = () => {
    const found = proxies[store];
    if (found === undefined) throw new Error(`no proxy of ${store}`);
    return found;
  };

  it("is cut off in the middle of a batch, writes it again", async () => {
    const cut = proxy().cutAfter(AMID_BYTES);
    await send(() => cut);
  });

  it("swallows everything for a while, waits", async () => {
    proxy().setMode("blackhole");
    await send(async () => {
      const read = live.job.metrics.counter("read");
      await publish(live, shop.next(1));
      // The rest of the pipeline goes on meanwhile: it reads, and its backlog is at the store.
      await eventually(() => expect(live.job.metrics.counter("read")).toBeGreaterThan(read));
      proxy().setMode("open");
    });
  });

  it("is slow, loses nothing and hurries nobody", async () => {
    const before = proxy().passed;
    proxy().setMode("slow");
    await send(() => eventually(() => expect(proxy().passed - before).toBeGreaterThan(AMID_BYTES)));
    proxy().setMode("open");
  });
});

it("ends with what the oracle says in both stores, and parity finds no difference", async () => {
  const throughMs = Math.floor(Date.now() / SLIDE_MS) * SLIDE_MS + SLIDE_MS;
  for (const view of features.plans) await expectTruth(live, view, throughMs);
  const { code, parity } = await runParity(live);
  expect(parity.views.flatMap(({ told }) => told)).toEqual([]);
  expect(code).toBe(0);
});
