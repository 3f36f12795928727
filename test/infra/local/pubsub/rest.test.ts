import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { startEndpoint } from "../../../../infra/local/pubsub/endpoint.ts";
import type { Endpoint } from "../../../../infra/local/pubsub/endpoint.ts";
import { PROJECT, rest } from "../../../support/pubsub-endpoint.ts";

// REST as Beam's Java client (PubsubJsonClient) speaks it.

const base64 = (text: string) => Buffer.from(text).toString("base64");

async function withShop(run: (endpoint: Endpoint) => Promise<void>): Promise<void> {
  const endpoint = await startEndpoint({ now: Date.now });
  try {
    await rest(endpoint, "PUT", "topics/orders", {});
    const topic = `projects/${PROJECT}/topics/orders`;
    await rest(endpoint, "PUT", "subscriptions/all-orders", { topic, ackDeadlineSeconds: 60 });
    await run(endpoint);
  } finally {
    endpoint.close();
  }
}

const publish = async (endpoint: Endpoint, ...data: string[]) =>
  rest(endpoint, "POST", "topics/orders:publish", { messages: data.map((text) => ({ data: base64(text) })) });

interface Received {
  ackId: string;
  message: { data: string; messageId: string; publishTime: string };
}

async function pull(endpoint: Endpoint, maxMessages = 10): Promise<Received[]> {
  const { body } = await rest(endpoint, "POST", "subscriptions/all-orders:pull", {
    maxMessages,
    returnImmediately: true,
  });
  return (body["receivedMessages"] ?? []) as Received[];
}

describe("the calls of Beam's client", () => {
  test("the subscription tells its ack deadline and topic", async () => {
    await withShop(async (endpoint) => {
      const { status, body } = await rest(endpoint, "GET", "subscriptions/all-orders");
      expect(status).toBe(200);
      expect(body).toMatchObject({ ackDeadlineSeconds: 60, topic: `projects/${PROJECT}/topics/orders` });
    });
  });

  test("publish, pull, acknowledge", async () => {
    await withShop(async (endpoint) => {
      const { body } = await publish(endpoint, "a", "b");
      const received = await pull(endpoint);
      expect(received.map(({ message }) => message.messageId)).toEqual(body["messageIds"]);
      expect(received.map(({ message }) => message.data)).toEqual([base64("a"), base64("b")]);
      expect(received[0]?.message.publishTime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      const ackIds = received.map(({ ackId }) => ackId);
      expect(await rest(endpoint, "POST", "subscriptions/all-orders:acknowledge", { ackIds })).toEqual({
        status: 200,
        body: {},
      });
      await rest(endpoint, "POST", "subscriptions/all-orders:modifyAckDeadline", {
        ackIds,
        ackDeadlineSeconds: 0,
      });
      expect(await pull(endpoint)).toEqual([]);
    });
  });

  test("a deadline of 0 gives a message back at once", async () => {
    await withShop(async (endpoint) => {
      await publish(endpoint, "a");
      const ackIds = (await pull(endpoint)).map(({ ackId }) => ackId);
      expect(await pull(endpoint)).toEqual([]);
      await rest(endpoint, "POST", "subscriptions/all-orders:modifyAckDeadline", {
        ackIds,
        ackDeadlineSeconds: 0,
      });
      expect(await pull(endpoint)).toHaveLength(1);
    });
  });

  test("a lease that runs out gives the message to one who waits", async () => {
    await withShop(async (endpoint) => {
      await publish(endpoint, "a");
      const [first] = await pull(endpoint);
      const body = { ackIds: [first?.ackId], ackDeadlineSeconds: 1 };
      await rest(endpoint, "POST", "subscriptions/all-orders:modifyAckDeadline", body);
      const waited = await rest(endpoint, "POST", "subscriptions/all-orders:pull", { maxMessages: 1 });
      expect(waited.body["receivedMessages"]).toMatchObject([{ message: first?.message }]);
    });
  });

  test("a body may be gzipped", async () => {
    await withShop(async (endpoint) => {
      const body = gzipSync(JSON.stringify({ messages: [{ attributes: { event_id: "1" } }] }));
      const url = `http://${endpoint.rest}/v1/projects/${PROJECT}/topics/orders:publish?prettyPrint=false`;
      const response = await fetch(url, { method: "POST", body, headers: { "content-encoding": "gzip" } });
      expect(response.status).toBe(200);
      expect(await pull(endpoint)).toHaveLength(1);
    });
  });

  test("a pull that may wait is answered by the next publish", async () => {
    await withShop(async (endpoint) => {
      const waiting = rest(endpoint, "POST", "subscriptions/all-orders:pull", { maxMessages: 1 });
      await publish(endpoint, "late");
      expect((await waiting).body["receivedMessages"]).toHaveLength(1);
    });
  });

  test("topics and subscriptions are listed by project", async () => {
    await withShop(async (endpoint) => {
      expect((await rest(endpoint, "GET", "topics?pageSize=10")).body).toMatchObject({
        topics: [{ name: `projects/${PROJECT}/topics/orders` }],
      });
      expect((await rest(endpoint, "GET", "topics/orders/subscriptions")).body).toEqual({
        subscriptions: [`projects/${PROJECT}/subscriptions/all-orders`],
      });
    });
  });
});

describe("administration", () => {
  test("a patch changes what its mask names and nothing else", async () => {
    await withShop(async (endpoint) => {
      const subscription = { retryPolicy: { minimumBackoff: "1.500s" }, ackDeadlineSeconds: 600 };
      const updateMask = "retryPolicy.minimumBackoff";
      const { body } = await rest(endpoint, "PATCH", "subscriptions/all-orders", {
        subscription,
        updateMask,
      });
      expect(body).toMatchObject({ ackDeadlineSeconds: 60, retryPolicy: { minimumBackoff: "1.500s" } });
    });
  });

  test.each([
    [
      "PATCH",
      "subscriptions/all-orders",
      { subscription: { filter: "attributes:a" }, updateMask: "filter" },
      400,
    ],
    ["PATCH", "subscriptions/all-orders", { subscription: {}, updateMask: "" }, 400],
    [
      "PUT",
      "subscriptions/other-orders",
      { topic: `projects/${PROJECT}/topics/orders`, ackDeadlineSeconds: 9 },
      400,
    ],
    [
      "PUT",
      "subscriptions/other-orders",
      { topic: `projects/${PROJECT}/topics/orders`, filter: "nonsense" },
      400,
    ],
    ["PUT", "subscriptions/x", { topic: `projects/${PROJECT}/topics/orders` }, 400],
    ["PUT", "topics/orders", {}, 409],
    ["GET", "topics/nothing", undefined, 404],
    ["GET", "nothing/at/all", undefined, 404],
    ["POST", "topics/orders:publish", { messages: [] }, 400],
    ["POST", "topics/orders:publish", { messages: [{ data: "" }] }, 400],
    ["POST", "topics/orders:publish", { messages: [{ attributes: { "": "x" } }] }, 400],
    ["POST", "subscriptions/all-orders:seek", { time: "yesterday" }, 400],
    ["POST", "subscriptions/all-orders:seek", { snapshot: "projects/p/snapshots/s" }, 501],
  ])("%s %s %j is refused with %i", async (verb, path, body, status) => {
    await withShop(async (endpoint) => {
      const answer = await rest(endpoint, verb, path, body);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({
        error: { code: status, message: expect.stringMatching(/\w/) as string },
      });
    });
  });

  test("a message of more than 10 MB is refused", async () => {
    await withShop(async (endpoint) => {
      const { status, body } = await publish(endpoint, "x".repeat(10_000_001));
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: { status: "INVALID_ARGUMENT" } });
    });
  });

  test("a body that is no JSON is refused, and the endpoint goes on", async () => {
    await withShop(async (endpoint) => {
      const url = `http://${endpoint.rest}/v1/projects/${PROJECT}/topics/orders:publish`;
      expect((await fetch(url, { method: "POST", body: "{" })).status).toBe(400);
      expect((await publish(endpoint, "a")).status).toBe(200);
    });
  });
});
