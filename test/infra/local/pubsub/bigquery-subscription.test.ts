import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expect, test } from "vitest";
import { startEndpoint } from "../../../../infra/local/pubsub/endpoint.ts";
import type { Endpoint } from "../../../../infra/local/pubsub/endpoint.ts";
import { PROJECT, rest } from "../../../support/pubsub-endpoint.ts";

interface Row {
  insertId: string;
  json: Record<string, string>;
}

interface FakeBigQuery {
  readonly url: string;
  readonly inserted: Row[];
  /** How many calls fail before one succeeds. */
  failures: number;
  /** Rows that the table refuses. */
  refuses: (row: Row) => boolean;
  /** Resolves when so many rows are in. */
  holds: (count: number) => Promise<void>;
}

const TABLE_PATH = "/bigquery/v2/projects/local-dev/datasets/raw/tables/events";

/** As much of BigQuery's REST API as a BigQuery subscription uses. */
async function withBigQuery(dataType: string, run: (bigquery: FakeBigQuery) => Promise<void>): Promise<void> {
  let onInsert = (): void => {};
  const server = createServer((request, response) => {
    void (async () => {
      if (fake.failures > 0) {
        fake.failures--;
        response.writeHead(503).end("away");
      } else if (request.url === TABLE_PATH) {
        response.end(JSON.stringify({ schema: { fields: [{ name: "data", type: dataType }] } }));
      } else if (request.url === `${TABLE_PATH}/insertAll`) {
        const { rows } = (await json(request)) as { rows: Row[] };
        const refused = rows.flatMap((row, index) => (fake.refuses(row) ? [{ index, errors: [] }] : []));
        fake.inserted.push(...rows.filter((row) => !fake.refuses(row)));
        response.end(JSON.stringify({ insertErrors: refused }));
        onInsert();
      } else response.writeHead(404).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeBigQuery = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    inserted: [],
    failures: 0,
    refuses: () => false,
    holds: async (count) =>
      new Promise((resolve) => {
        onInsert = () => {
          if (fake.inserted.length >= count) resolve();
        };
        onInsert();
      }),
  };
  try {
    await run(fake);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function withArchive(
  bigquery: FakeBigQuery,
  run: (endpoint: Endpoint) => Promise<void>,
  more: object = {},
): Promise<void> {
  const endpoint = await startEndpoint({ now: Date.now, bigquery: bigquery.url });
  try {
    await rest(endpoint, "PUT", "topics/orders", {});
    await rest(endpoint, "PUT", "topics/dead-orders", {});
    const topic = `projects/${PROJECT}/topics/orders`;
    const bigqueryConfig = { table: "local-dev.raw.events", writeMetadata: true };
    await rest(endpoint, "PUT", "subscriptions/archive", { topic, bigqueryConfig, ...more });
    await run(endpoint);
  } finally {
    endpoint.close();
  }
}

const publish = async (endpoint: Endpoint, ...messages: object[]) =>
  ((await rest(endpoint, "POST", "topics/orders:publish", { messages })).body["messageIds"] ??
    []) as string[];

test.each([
  ["BYTES", "AP8=", "AP8="],
  ["STRING", Buffer.from('{"a":"é"}').toString("base64"), '{"a":"é"}'],
])("each message becomes a row with its metadata; data as %s", async (dataType, data, column) => {
  await withBigQuery(dataType, async (bigquery) => {
    await withArchive(bigquery, async (endpoint) => {
      const [id] = await publish(endpoint, { data, attributes: { event_id: "1" }, orderingKey: "k" });
      await bigquery.holds(1);
      expect(bigquery.inserted).toEqual([
        {
          insertId: id,
          json: {
            subscription_name: `projects/${PROJECT}/subscriptions/archive`,
            message_id: id,
            publish_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
            data: column,
            attributes: '{"event_id":"1","ordering_key":"k"}',
          },
        },
      ]);
    });
  });
});

test("while BigQuery is away messages wait, and none is lost", async () => {
  await withBigQuery("BYTES", async (bigquery) => {
    bigquery.failures = 2;
    await withArchive(bigquery, async (endpoint) => {
      const ids = await publish(
        endpoint,
        ...Array.from({ length: 700 }, (_, i) => ({ attributes: { i: String(i) } })),
      );
      await bigquery.holds(700);
      expect(bigquery.inserted.map((row) => row.insertId).toSorted()).toEqual(ids.toSorted());
    });
  });
});

test("a row that the table refuses goes to the dead-letter topic in the end; the others are in", async () => {
  await withBigQuery("BYTES", async (bigquery) => {
    bigquery.refuses = (row) => row.json["attributes"]?.includes("poison") ?? false;
    const deadLetterPolicy = {
      deadLetterTopic: `projects/${PROJECT}/topics/dead-orders`,
      maxDeliveryAttempts: 5,
    };
    await withArchive(
      bigquery,
      async (endpoint) => {
        const topic = `projects/${PROJECT}/topics/dead-orders`;
        await rest(endpoint, "PUT", "subscriptions/all-dead", { topic });
        await publish(endpoint, { attributes: { a: "good" } }, { attributes: { a: "poison" } });
        const { body } = await rest(endpoint, "POST", "subscriptions/all-dead:pull", { maxMessages: 1 });
        expect(body["receivedMessages"]).toMatchObject([{ message: { attributes: { a: "poison" } } }]);
        expect(bigquery.inserted.map((row) => row.json["attributes"])).toEqual(['{"a":"good"}']);
      },
      { deadLetterPolicy },
    );
  });
});

test("an endpoint without BigQuery, and a table that is no name, are refused", async () => {
  const endpoint = await startEndpoint({ now: Date.now });
  await rest(endpoint, "PUT", "topics/orders", {});
  const create = async (table: string) =>
    rest(endpoint, "PUT", "subscriptions/archive", {
      topic: `projects/${PROJECT}/topics/orders`,
      bigqueryConfig: { table },
    });
  expect((await create("local-dev.raw.events")).body).toMatchObject({
    error: { status: "FAILED_PRECONDITION" },
  });
  expect((await create("events")).body).toMatchObject({ error: { status: "INVALID_ARGUMENT" } });
  endpoint.close();
});
