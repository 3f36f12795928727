import { context, trace } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";
import { features } from "../../pipeline/features/registry.ts";
import type { services } from "../../pipeline/features/services.ts";
import { featureClient } from "../../pipeline/serving/client.ts";
import { startOtlp } from "../../pipeline/serving/otlp.ts";
import { tracedStore } from "../../pipeline/serving/traced-store.ts";
import { VectorLog } from "../../pipeline/serving/vector-log.ts";
import { StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { attributesOf, otlpReceiver } from "../support/otlp-receiver.ts";
import { E, testServer } from "../support/serving.ts";
import { testRow } from "../support/stores.ts";

const purchases = features.plan("user_purchases");
const ROUTE = "/v1/services/{name}:read";
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const sampled = { traceparent: `00-${TRACE}-${CALLER}-01` };
const fraudOf = (...users: string[]) => ({
  keys: users.map((user_id) => ({ user_id })),
  request: { amount_usd: 10 },
});

/** A server that is traced, and what a collector got of it: all, once `finish` is over. */
async function traced(store = new MemoryStore(), fraction?: number) {
  store.write(purchases, testRow(purchases, { key: "secret-ann", windowEndMs: E + 60_000 }));
  const receiver = await otlpReceiver();
  const failures: string[] = [];
  const stop = startOtlp({
    url: `${receiver.base}/v1/traces`,
    serviceName: "features",
    onFailure: (message) => failures.push(message),
    ...(fraction !== undefined && { fraction }),
  });
  onTestFinished(stop);
  const written: unknown[] = [];
  const server = await testServer(tracedStore(store), {
    vectorLog: (onOutcome) =>
      new VectorLog({
        append: (rows) => {
          written.push(...rows);
          return Promise.resolve(0);
        },
        generation: 0,
        fraction: 1,
        random: () => 0,
        onOutcome,
        onFailure: (message) => failures.push(message),
      }),
  });
  const finish = async () => {
    await stop();
    expect(failures).toEqual([]);
    return receiver;
  };
  return { ...server, finish };
}

//   the caller's span                      00f067aa0ba902b7
//   └─ POST /v1/services/{name}:read
//      ├─ ReadRows features_user           one request to Bigtable
//      ├─ compute vectors                  features on demand
//      └─ insert served_vectors            after the answer
it("spans of a request are a part of the caller's trace, and hold no key", async () => {
  const { read, finish } = await traced();
  expect((await read("fraud", fraudOf("secret-ann", "secret-bob"), sampled)).status).toBe(200);
  const receiver = await finish();
  const spans = receiver.spans();
  const named = (name: string) => spans.find((span) => span.name === name);
  const request = named(`POST ${ROUTE}`);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
  expect(request?.parentSpanId).toBe(CALLER);
  expect(attributesOf(request ?? { attributes: [] })).toEqual({
    "http.request.method": "POST",
    "http.route": ROUTE,
    "http.response.status_code": 200,
    "freshet.service": "fraud",
  });
  const children = ["ReadRows features_user", "compute vectors", "insert served_vectors"];
  expect(children.map((name) => named(name)?.parentSpanId)).toEqual(children.map(() => request?.spanId));
  expect(spans).toHaveLength(4);
  expect(attributesOf(named("ReadRows features_user") ?? { attributes: [] })).toMatchObject({
    "db.collection.name": "features_user",
    "freshet.keys": 2,
  });
  expect(attributesOf(named("compute vectors") ?? { attributes: [] })).toMatchObject({
    "freshet.on_demand_features": 4,
  });
  expect(receiver.text()).not.toContain("secret");
  expect(receiver.resources()).toEqual([{ "service.name": "features" }]);
});

it("a request's span has one read for each request to the store, each with its number of keys", async () => {
  const { read, finish } = await traced();
  const keys = Array.from({ length: 60 }, (_, i) => ({ user_id: "ann", item_id: `item ${String(i)}` }));
  await read("ranking", { keys });
  const reads = (await finish()).spans().filter(({ name }) => name.startsWith("ReadRows"));
  const told = reads.map((span) => [span.name, attributesOf(span)["freshet.keys"]]);
  expect(told.sort()).toEqual([
    ["ReadRows features_item", 10],
    ["ReadRows features_item", 50],
    ["ReadRows features_user", 1],
  ]);
});

it("what fails is marked by its code, without the words of an error", async () => {
  const store = new MemoryStore();
  const { read, finish } = await traced(store);
  const call = { store: "Bigtable", operation: "read", target: "secret" } as const;
  store.before = () => Promise.reject(new StoreUnavailableError(call, 3, new Error("secret")));
  expect((await read("fraud", fraudOf("ann"))).status).toBe(503);
  expect((await read("made_up", fraudOf("ann"))).status).toBe(404);
  const receiver = await finish();
  const [readSpan, failed, refused] = receiver.spans();
  expect([readSpan?.name, readSpan?.status.code]).toEqual(["ReadRows features_user", 2]);
  expect(attributesOf(readSpan ?? { attributes: [] })["error.type"]).toBe("store_unavailable");
  expect([failed?.name, failed?.status.code]).toEqual([`POST ${ROUTE}`, 2]);
  // 404 is the caller's error, and what it called for is no name of ours.
  expect([refused?.name, refused?.status.code]).toEqual([`POST ${ROUTE}`, 0]);
  expect(receiver.text()).not.toMatch(/secret|made_up/);
});

it("a write of vectors of several traced requests links to all of them", async () => {
  const { read, finish } = await traced();
  await Promise.all([read("fraud", fraudOf("ann")), read("fraud", fraudOf("bob"))]);
  const spans = (await finish()).spans();
  const writes = spans.filter(({ name }) => name.startsWith("insert"));
  const requests = spans.filter(({ name }) => name.startsWith("POST")).map(({ spanId }) => spanId);
  const told = writes.flatMap(({ parentSpanId, links }) => [parentSpanId, ...links.map((l) => l.spanId)]);
  expect(told.sort()).toEqual(requests.sort());
});

it("a read that several traced requests share links to all of them", async () => {
  const { read, finish } = await traced();
  const untraced = { traceparent: sampled.traceparent.replace(/1$/, "0") };
  await Promise.all([untraced, {}, sampled].map((headers) => read("fraud", fraudOf("ann"), headers)));
  const spans = (await finish()).spans();
  const [first, second] = spans.filter(({ name }) => name.startsWith("POST")).map(({ spanId }) => spanId);
  const reads = spans.filter(({ name }) => name.startsWith("ReadRows"));
  expect(reads).toHaveLength(1);
  const told = reads.flatMap(({ parentSpanId, links }) => [parentSpanId, ...links.map((l) => l.spanId)]);
  expect(told.sort()).toEqual([first, second].sort());
  const computed = spans.filter(({ name }) => name === "compute vectors");
  expect(computed.map(({ parentSpanId, links }) => [parentSpanId, links]).sort()).toEqual(
    [first, second].map((parent) => [parent, []]).sort(),
  );
});

it("what the caller does not sample isn't sampled here, nor what begins here beyond the fraction", async () => {
  const { read, request, finish } = await traced(new MemoryStore(), 0);
  await read("fraud", fraudOf("ann"), { traceparent: `00-${TRACE}-${CALLER}-00` });
  await read("fraud", fraudOf("ann"));
  await read("fraud", fraudOf("ann"), { traceparent: "no trace" });
  await request("/healthz", { headers: sampled });
  await read("fraud", fraudOf("ann"), sampled);
  const names = (await finish()).spans().map(({ name, traceId }) => [name.split(" ")[0], traceId]);
  expect(names.sort()).toEqual(["POST", "ReadRows", "compute", "insert"].map((name) => [name, TRACE]));
});

it("the client hands the active trace on", async () => {
  const { fetch, finish } = await traced();
  const client = featureClient<typeof services>({ url: "http://localhost", fetch });
  const span = trace.getTracer("caller").startSpan("score");
  await context.with(trace.setSpan(context.active(), span), () =>
    client.read("fraud", { user_id: "ann" }, { amount_usd: 1 }),
  );
  span.end();
  const requests = (await finish()).spans().filter(({ name }) => name.startsWith("POST"));
  expect(requests.map(({ parentSpanId }) => parentSpanId)).toEqual([span.spanContext().spanId]);
});

it("a collector that takes none costs the spans, and is told of in a line without a stack", async () => {
  const { base } = await otlpReceiver();
  const failures: string[] = [];
  const stop = startOtlp({
    url: `${base}/nowhere`,
    serviceName: "features",
    onFailure: (message) => failures.push(message),
  });
  trace.getTracer("test").startSpan("lost").end();
  await stop();
  expect(failures).not.toEqual([]);
  for (const failure of failures) {
    expect(failure).toMatch(/^spans are lost: /);
    expect(failure).not.toMatch(/\.[jt]s\b|node_modules| {4}at /);
  }
});
