import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { parseInstant } from "../../pipeline/core/instant.ts";
import { features } from "../../pipeline/features/registry.ts";
import { closeClients } from "../../pipeline/stores/clients.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { runParity } from "../support/audited.ts";
import {
  type BigqueryFault,
  type BigtableFault,
  faultyBigquery,
  faultyBigtable,
  type FaultyStore,
} from "../support/faulty-stores.ts";
import { eventually, expectTruth, type LiveStores, publish, query } from "../support/live.ts";
import { type OwnJob, startOwnJob } from "../support/own-job.ts";
import { ownStores } from "../support/own-stores.ts";
import { shopTraffic } from "../support/shop-traffic.ts";
import "../support/stack-context.ts";
import { type Side, tcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";

/*
 * The main job while what it depends on fails under it: networks to the stores and to Pub/Sub that are slow, cut in the
 * middle of what they carry, or swallow everything; stores that answer errors; a store so slow that work piles up. The
 * job sees the emulators through proxies; the test, and the archive, go straight. Afterwards both stores hold what the
 * oracle says of the archive, and parity finds no difference. It doesn't prove how Google's own services fail.
 */
const SLIDE_MS = 60_000;
const EVENTS = 150;
/** Messages that the source holds before it stops asking for more: few, so that this shows. */
const IN_FLIGHT = 500;
const BATCH_BYTES = 1_000;
const POISON = "poison";

const stack = inject("stack");
const shop = shopTraffic(Date.now, 100);
let live: LiveStores;
let job: OwnJob;
let bigtable: FaultyStore<BigtableFault>;
let bigquery: FaultyStore<BigqueryFault>;
let networks: Record<"bigtable" | "bigquery" | "pubsub", TcpProxy>;

beforeAll(async () => {
  live = await ownStores("live_faults", stack);
  bigtable = await faultyBigtable(stack.bigtable);
  bigquery = await faultyBigquery(stack.bigquery);
  networks = {
    bigtable: await tcpProxy(bigtable.address, false),
    bigquery: await tcpProxy(bigquery.address, false),
    pubsub: await tcpProxy(stack.pubsubRest, false),
  };
  const { stores } = live.session;
  job = await startOwnJob({
    endpoints: {
      ...stores,
      bigtable: { ...stores.bigtable, emulatorHost: networks.bigtable.address },
      bigquery: { ...stores.bigquery, apiEndpoint: `http://${networks.bigquery.address}` },
    },
    pubsubRest: networks.pubsub.address,
    maxInFlight: IN_FLIGHT,
  });
});
afterAll(async () => {
  await job.stop();
  await closeClients();
  for (const network of Object.values(networks)) await network.close();
  for (const store of [bigtable, bigquery]) await store[Symbol.asyncDispose]();
});

/** Waits until rows of what was published by now are in the offline store, and so in the online one. */
async function arrives(publishedMs: number): Promise<void> {
  await eventually(async () => {
    const [newest] = await query(live.session, "SELECT MAX(max_publish_time) AS at FROM user_purchases_v1");
    expect(parseInstant((newest?.["at"] ?? "") as string) ?? 0).toBeGreaterThanOrEqual(publishedMs);
  });
}

/** Publishes, and waits until it arrives. That all of it does is told at the end. */
async function send(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
  await publish(live, shop.next(EVENTS));
  const { lastMs } = shop;
  await meanwhile();
  await arrives(lastMs);
}

/** A chunk that is neither a preface nor a question, but a batch that goes one way. */
const batch = (way: Side) => (chunk: Buffer, side: Side) => side === way && chunk.length > BATCH_BYTES;
const isAcknowledgement = (chunk: Buffer, side: Side) => side === "request" && chunk.includes(":acknowledge");

describe.each(["bigtable", "bigquery"] as const)("the main job, while %s", (store) => {
  it("is cut off in the middle of a batch, writes it again", async () => {
    const cut = networks[store].cutIn(batch("request"));
    await send(() => cut);
  });

  it("swallows everything for a while, waits", async () => {
    networks[store].setMode("blackhole");
    await send(async () => {
      const read = job.counter("shop_event.read");
      await publish(live, shop.next(1));
      // The rest of the pipeline goes on meanwhile: it reads, and its backlog is at the store.
      await eventually(() => expect(job.counter("shop_event.read")).toBeGreaterThan(read));
      networks[store].setMode("open");
    });
  });

  it("is slow, loses nothing and hurries nobody", async () => {
    const before = networks[store].passed;
    networks[store].setMode("slow");
    await send(() => eventually(() => expect(networks[store].passed - before).toBeGreaterThan(BATCH_BYTES)));
    networks[store].setMode("open");
  });
});

describe("the main job, while Pub/Sub", () => {
  it("is cut off in the middle of a pull, gets its messages again", async () => {
    const cut = networks.pubsub.cutIn(batch("answer"));
    await publish(live, shop.next(EVENTS));
    await cut;
    await send();
  });

  it("is cut off in the middle of an acknowledgement, acknowledges again", async () => {
    const cut = networks.pubsub.cutIn(isAcknowledgement);
    await send(() => cut);
  });

  it("doesn't say whether it got an acknowledgement, counts nothing twice", async () => {
    let asked = false;
    // The source asks one thing after the other, so the next answer is to that.
    const cut = networks.pubsub.cutIn((chunk, side) => {
      if (side === "answer") return asked;
      asked ||= isAcknowledgement(chunk, side);
      return false;
    });
    await send(() => cut);
  });

  it("swallows everything for a while, waits", async () => {
    networks.pubsub.setMode("blackhole");
    const { passed } = networks.pubsub;
    await send(() => {
      expect(networks.pubsub.passed).toBe(passed);
      networks.pubsub.setMode("open");
      return Promise.resolve();
    });
  });

  it("is slow, loses nothing", async () => {
    networks.pubsub.setMode("slow");
    await send();
    networks.pubsub.setMode("open");
  });
});

/** Statuses of gRPC that may pass, and those that need a person. What is left is the request's own fault. */
const PASSING = [
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.INTERNAL,
  status.UNAVAILABLE,
];
const LASTING = [
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
];
const REFUSING = [status.INVALID_ARGUMENT, status.ALREADY_EXISTS, status.OUT_OF_RANGE, status.DATA_LOSS];

describe("the main job, while stores answer", () => {
  /** Of all sinks: the late table's and the heartbeat's meet errors too. */
  const retries = () => job.counter(/retries$/);

  it.each<[string, BigtableFault[], BigqueryFault[]]>([
    [
      "a call",
      PASSING.map((call) => ({ call })),
      [
        { status: 408, reason: "timeout" },
        { status: 429, reason: "rateLimitExceeded" },
        { status: 500, reason: "internalError" },
        { status: 502, reason: "badGateway" },
        { status: 503, reason: "backendError" },
        { status: 504, reason: "gatewayTimeout" },
        { status: 403, reason: "quotaExceeded" },
        { status: 403, reason: "rateLimitExceeded" },
        "cut",
      ],
    ],
    [
      "each row of a call",
      PASSING.map((entries) => ({ entries })),
      ["stopped", "timeout", "backendError", "internalError"].map((rows) => ({ rows })),
    ],
  ])("%s with each error that may pass, tries again and writes each row once", async (_what, ...faults) => {
    const before = { retries: retries(), failures: await job.failures() };
    const fromMs = Date.now();
    bigtable.next.push(...faults[0]);
    bigquery.next.push(...faults[1]);
    await send(() => eventually(() => expect([...bigtable.next, ...bigquery.next]).toEqual([])));
    // Each is met by a retry, and none by a bundle that fails and runs again: that would write rows once more.
    const answered = faults[0].length + faults[1].length;
    await eventually(() => expect(retries() - before.retries).toBeGreaterThanOrEqual(answered));
    expect(await job.failures()).toBe(before.failures);
    const sql = `SELECT user_id, window_end, seq, timing FROM user_purchases_v1
      WHERE UNIX_MILLIS(max_publish_time) >= ${String(fromMs)}`;
    // The newest has arrived; bundles of other shards may still be on their way.
    const rows = await eventually(async () => {
      const arrived = await query(live.session, sql);
      expect(arrived.length).toBeGreaterThan(EVENTS / 5);
      return arrived;
    });
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBe(rows.length);
  });

  it("with each error that lasts, fails the bundle, says why, and starts again from the checkpoint", async () => {
    // Both views may meet one in the same life of the job.
    let failures = await job.failures();
    bigtable.next.push(...LASTING.map((call) => ({ call })), { entries: status.NOT_FOUND });
    await send(() => eventually(() => expect(bigtable.next).toEqual([])));
    expect(await job.failures()).toBeGreaterThan(failures);
    for (const fault of [
      { status: 401, reason: "authError" },
      { status: 403, reason: "accessDenied" },
      { status: 404, reason: "notFound" },
    ]) {
      failures = await job.failures();
      bigquery.next.push(fault);
      await send(() => eventually(async () => expect(await job.failures()).toBeGreaterThan(failures)));
    }
    const log = await job.engineLog();
    for (const store of ["Bigtable", "BigQuery"])
      expect(log).toMatch(
        new RegExp(`StoreConfigError: ${store} could not write table .*scripted; give valid`),
      );
  });

  it("that they refuse a row, makes it a dead letter, and holds up no other", async () => {
    const occurredAt = Date.now();
    const poisonous = (event_id: string) => {
      const rest = { event_type: "purchase", user_id: POISON, item_id: "i0", amount_usd: 1, country: "DE" };
      const text = JSON.stringify({ event_id, ...rest, occurred_at: occurredAt });
      return eventMessage(Buffer.from(text), { eventId: event_id });
    };
    const letters = async () => {
      const sql = "SELECT detail FROM dead_letters WHERE reason = 'row_rejected'";
      return (await query(live.session, sql)).map(({ detail }) => detail as string);
    };
    bigtable.poison = { key: POISON, faults: REFUSING.map((call) => ({ call })) };
    await publish(live, [poisonous("poison 1")]);
    await send();
    await eventually(async () => expect((await letters()).join()).toContain("Bigtable"));
    bigtable.poison = undefined;
    bigquery.poison = {
      key: POISON,
      faults: [{ status: 400, reason: "invalid" }, { status: 413, reason: "tooLarge" }, { rows: "invalid" }],
    };
    await publish(live, [poisonous("poison 2")]);
    await send();
    await eventually(async () => expect((await letters()).join()).toContain("BigQuery"));
    bigquery.poison = undefined;
    // A row is all that its window holds: the next one of each makes up for those refused.
    await publish(live, [poisonous("poison 3")]);
  });
});

it("holds no more than it may while a store is ten times too slow: the rest waits in Pub/Sub", async () => {
  const { bigtable: network } = networks;
  const start = { atMs: performance.now(), bytes: network.passed };
  await send();
  const healthy = ((network.passed - start.bytes) * 1_000) / (performance.now() - start.atMs);
  network.setMode("slow", healthy / 10);
  const slow = { read: job.counter("shop_event.read"), bytes: network.passed };
  const backlog = shop.next(6 * IN_FLIGHT);
  await publish(live, backlog);
  const { lastMs } = shop;
  await eventually(() => expect(network.passed - slow.bytes).toBeGreaterThan(healthy / 10));
  // While so much isn't acknowledged, it reads no more; each checkpoint that gets through makes room for as much again.
  expect(job.counter("shop_event.read") - slow.read).toBeLessThan(4 * IN_FLIGHT);
  network.setMode("open");
  await arrives(lastMs);
  await eventually(() =>
    expect(job.counter("shop_event.read") - slow.read).toBeGreaterThanOrEqual(backlog.length),
  );
});

it("ends with what the oracle says in both stores, and parity finds no difference", async () => {
  const throughMs = Math.floor(Date.now() / SLIDE_MS) * SLIDE_MS + SLIDE_MS;
  for (const view of features.plans) await expectTruth(live, view, throughMs);
  const { code, parity } = await runParity(live);
  expect(parity.views.flatMap(({ told }) => told)).toEqual([]);
  expect(code).toBe(0);
});
