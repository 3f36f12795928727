import { status } from "@grpc/grpc-js";
import type { Message } from "@google-cloud/pubsub";
import { Encodings, SchemaTypes } from "@google-cloud/pubsub";
import { describe, expect, test } from "vitest";
import { receive, withEndpoint } from "../../../support/pubsub-endpoint.ts";

// Google's own Node client over gRPC. What this does not prove: that the service itself answers alike.

const ORDER = {
  type: "record",
  name: "Order",
  fields: [
    { name: "id", type: "string" },
    { name: "amount", type: "double" },
  ],
};

describe("publish and pull", () => {
  test("a message arrives whole", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const [subscription] = await topic.createSubscription("all-orders");
      const before = Date.now();
      const messageId = await topic.publishMessage({
        data: Buffer.from([0, 255]),
        attributes: { event_id: "é1" },
      });
      let got: Message | undefined;
      await receive(subscription, (message) => {
        got = message;
        message.ack();
        return true;
      });
      expect(got).toMatchObject({
        id: messageId,
        data: Buffer.from([0, 255]),
        attributes: { event_id: "é1" },
      });
      expect(got?.publishTime.getTime()).toBeGreaterThanOrEqual(before);
      expect(got?.publishTime.getTime()).toBeLessThanOrEqual(Date.now());
    });
  });

  test("every subscription gets each message; the filter decides by attributes", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const [all] = await topic.createSubscription("all-orders");
      const [refunds] = await topic.createSubscription("refunds", { filter: 'attributes.type = "refund"' });
      for (const type of ["sale", "refund", "sale"]) await topic.publishMessage({ attributes: { type } });
      const types: string[] = [];
      await receive(all, (message) => (message.ack(), types.push(message.attributes["type"] ?? "")) === 3);
      expect(types).toEqual(["sale", "refund", "sale"]);
      await receive(refunds, (message) => (message.ack(), message.attributes["type"] === "refund"));
    });
  });

  test("a message given up comes again; one acknowledged doesn't", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const [subscription] = await topic.createSubscription("all-orders");
      for (const data of ["once", "twice"]) await topic.publishMessage({ data: Buffer.from(data) });
      const seen: string[] = [];
      await receive(subscription, (message) => {
        const data = message.data.toString();
        const again = seen.includes(data);
        seen.push(data);
        if (data === "twice" && !again) message.nack();
        else message.ack();
        return again;
      });
      expect(seen.toSorted()).toEqual(["once", "twice", "twice"]);
    });
  });

  test("messages of one ordering key come in order, whatever is given up", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      topic.setPublishOptions({ messageOrdering: true });
      const [subscription] = await topic.createSubscription("all-orders", { enableMessageOrdering: true });
      const numbers = Array.from({ length: 30 }, (_, i) => String(i));
      await Promise.all(
        numbers.map((n) =>
          topic.publishMessage({ data: Buffer.from(n), orderingKey: `key-${Number(n) % 2}` }),
        ),
      );
      // The client may already hold later messages when one is given up: they come again behind it, so what counts
      // is the order of each one's last delivery.
      let last: string[] = [];
      let failed = false;
      await receive(subscription, (message) => {
        const n = message.data.toString();
        last = [...last.filter((other) => other !== n), n];
        if (n === "10" && !failed) {
          failed = true;
          message.nack();
          return false;
        }
        message.ack();
        return last.length === numbers.length && last.indexOf("10") < last.indexOf("28");
      });
      const ofKey = (parity: number) => last.filter((n) => Number(n) % 2 === parity);
      expect(ofKey(0)).toEqual(numbers.filter((n) => Number(n) % 2 === 0));
      expect(ofKey(1)).toEqual(numbers.filter((n) => Number(n) % 2 === 1));
    });
  });

  test("a slow consumer never holds more than it asked for", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      await topic.createSubscription("all-orders");
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => topic.publishMessage({ data: Buffer.from(String(i)) })),
      );
      const held: Message[] = [];
      const subscription = client.subscription("all-orders", {
        flowControl: { maxMessages: 5, allowExcessMessages: false },
      });
      let total = 0;
      await receive(subscription, (message) => {
        held.push(message);
        total++;
        expect(held.length).toBeLessThanOrEqual(5);
        if (held.length === 5) for (const each of held.splice(0)) each.ack();
        return total === 40;
      });
      expect(total).toBe(40);
    });
  });
});

describe("going back and aside", () => {
  test("a new subscription on a topic with retention can seek to before it was made", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic({
        name: "orders",
        messageRetentionDuration: { seconds: 3600 },
      });
      const before = new Date(Date.now() - 60_000);
      await topic.publishMessage({ data: Buffer.from("old") });
      const [subscription] = await topic.createSubscription("next-generation");
      await subscription.seek(before);
      await receive(subscription, (message) => (message.ack(), message.data.toString() === "old"));
    });
  });

  test("a message that fails five times goes to the dead-letter topic and says where it came from", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const [dead] = await client.createTopic("dead-orders");
      const [deadSubscription] = await dead.createSubscription("all-dead");
      const [subscription] = await topic.createSubscription("all-orders", {
        deadLetterPolicy: { deadLetterTopic: dead.name, maxDeliveryAttempts: 5 },
      });
      await topic.publishMessage({ data: Buffer.from("poison"), attributes: { event_id: "1" } });
      const attempts: number[] = [];
      await receive(subscription, (message) => {
        attempts.push(message.deliveryAttempt);
        message.nack();
        return attempts.length === 5;
      });
      expect(attempts).toEqual([1, 2, 3, 4, 5]);
      await receive(deadSubscription, (message) => {
        message.ack();
        expect(message.attributes).toMatchObject({
          event_id: "1",
          CloudPubSubDeadLetterSourceDeliveryCount: "5",
          CloudPubSubDeadLetterSourceSubscription: "all-orders",
          CloudPubSubDeadLetterSourceSubscriptionProject: "local-dev",
        });
        return true;
      });
    });
  });
});

describe("schemas", () => {
  test.each([
    ["JSON", Encodings.Json, '{"id":"a","amount":12}', '{"id":"a","amount":"12"}'],
    [
      "JSON with an unknown field",
      Encodings.Json,
      '{"id":"a","amount":12}',
      '{"id":"a","amount":12,"more":1}',
    ],
    [
      "BINARY",
      Encodings.Binary,
      Buffer.from("\x02a\0\0\0\0\0\0\0\0", "latin1"),
      Buffer.from("\x02a\0", "latin1"),
    ],
  ])(
    "%s: what fits is published with the schema's attributes, what doesn't is refused",
    async (_, encoding, good, bad) => {
      await withEndpoint(async (client) => {
        const schema = await client.createSchema("order", SchemaTypes.Avro, JSON.stringify(ORDER));
        const name = await schema.getName();
        const [topic] = await client.createTopic({
          name: "orders",
          schemaSettings: { schema: name, encoding },
        });
        const [subscription] = await topic.createSubscription("all-orders");
        const refusal = await topic
          .publishMessage({ data: Buffer.from(bad) })
          .catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: status.INVALID_ARGUMENT });
        await topic.publishMessage({ data: Buffer.from(good) });
        const { revisionId } = await schema.get();
        await receive(subscription, (message) => {
          message.ack();
          expect(message.attributes).toEqual({
            googclient_schemaencoding: encoding,
            googclient_schemaname: name,
            googclient_schemarevisionid: revisionId,
          });
          return true;
        });
      });
    },
  );

  test("a definition that is no Avro is refused", async () => {
    await withEndpoint(async (client) => {
      const refusal = client.createSchema("order", SchemaTypes.Avro, '{"type":"nothing"}');
      await expect(refusal).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });
});

describe("refusals", () => {
  test("what is not there, what is there already, and what is too large", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const refusals = await Promise.all(
        [
          client.createTopic("orders"),
          client.subscription("nothing").getMetadata(),
          client.topic("nothing").createSubscription("sub"),
          topic.publishMessage({ data: Buffer.alloc(10_000_001) }),
          topic.createSubscription("pushed", { pushEndpoint: "http://localhost/" }),
        ].map((call) =>
          call.then(
            () => undefined,
            (error: unknown) => (error as { code: number }).code,
          ),
        ),
      );
      expect(refusals).toEqual([
        status.ALREADY_EXISTS,
        status.NOT_FOUND,
        status.NOT_FOUND,
        status.INVALID_ARGUMENT,
        status.UNIMPLEMENTED,
      ]);
    });
  });

  test("a stream ends with NOT_FOUND when its subscription is deleted", async () => {
    await withEndpoint(async (client) => {
      const [topic] = await client.createTopic("orders");
      const [subscription] = await topic.createSubscription("all-orders");
      await topic.publishMessage({ data: Buffer.from("x") });
      const ended = receive(subscription, (message) => {
        message.ack();
        void client.subscription("all-orders").delete();
        return false;
      });
      await expect(ended).rejects.toMatchObject({ code: status.NOT_FOUND });
    });
  });
});
