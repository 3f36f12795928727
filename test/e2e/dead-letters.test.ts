import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { parseInstant } from "../../pipeline/core/instant.ts";
import type { DeadLetter, PubsubMessage } from "../../pipeline/core/model.ts";
import { features } from "../../pipeline/features/registry.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import { provisionBigquery } from "../../pipeline/stores/bigquery-provision.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { readDeadLetters } from "../../pipeline/stores/dead-letters.ts";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { publishAgain } from "../../pipeline/stores/redrive.ts";
import { rejectedRow } from "../../pipeline/stores/rejected-row.ts";
import { deadLetterSink } from "../../pipeline/stores/sinks/dead-letter-sink.ts";
import { binaryMessage, message, PUBLISHED_MS, purchase } from "../support/messages.ts";
import { PubsubRest } from "../support/pubsub-rest.ts";
import { runSink } from "../support/run-sink.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

/** Every reason, from the bytes that have it to the command that shows it and gives them a second chance. */
const EVENT = "shop_event";
const HOUR_MS = 3_600_000;
const stack = inject("stack");
const endpoints = { ...testEndpoints("dead_letters", stack), project: "dead-letters" };
const { dataset } = endpoints.bigquery;
const pubsub = new PubsubRest(stack.pubsubRest, endpoints.project);
const decode = createDecoder(features.event(EVENT));

const bytes: Readonly<Record<Exclude<DeadLetter["reason"], "row_rejected">, PubsubMessage>> = {
  malformed: message("{"),
  invalid_utf8: message(Uint8Array.of(0x22, 0xff, 0x22)),
  schema_mismatch: message({ ...purchase, amount_usd: "12.50" }),
  unknown_revision: message(purchase, { googclient_schemarevisionid: "99" }),
  unknown_encoding: binaryMessage(Uint8Array.of(1), { googclient_schemaencoding: "XML" }),
  empty_key: message({ ...purchase, user_id: "" }),
  key_too_long: message({ ...purchase, item_id: "i".repeat(2_000) }),
  event_time_absurd: message({ ...purchase, occurred_at: 12 }),
  event_time_in_future: message({ ...purchase, occurred_at: PUBLISHED_MS + HOUR_MS }),
  message_too_large: message({ ...purchase, country: "x".repeat(2 ** 20) }),
};

/** What decode makes of them, each under an id of its own. */
const letters: DeadLetter[] = [
  ...Object.entries(bytes).map(([reason, each]) => {
    const result = decode({ ...each, messageId: `message of ${reason}` });
    if (!isDeadLetter(result)) throw new Error(`${reason} was decoded`);
    return result;
  }),
  rejectedRow("BigQuery", '{"user_id":"u1"}', PUBLISHED_MS, "no such column"),
];

const STARTED_MS = Date.now();
const isWhole = (reason: string) => reason !== "message_too_large";

interface Shown {
  readonly reason: string;
  readonly message_id: string;
  readonly publish_time: string;
  readonly data: string;
  readonly truncated: boolean;
  readonly redriven_at: string | null;
}

async function freshet(...args: string[]): Promise<unknown[]> {
  const main = fileURLToPath(new URL("../../pipeline/main.ts", import.meta.url));
  const stores = [
    ...["--project", endpoints.project, "--instance", "none", "--dataset", dataset],
    ...["--bigquery-endpoint", stack.bigquery, "--pubsub-emulator", stack.pubsubGrpc],
  ];
  const command = [main, "dead-letters", ...args, "--json", ...stores];
  const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 2 ** 24 });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** Writes dead letters as the pipeline does. */
async function write(some: readonly DeadLetter[]): Promise<void> {
  const sink = await runSink(
    deadLetterSink(
      { endpoints, event: EVENT },
      { plan: (name, version) => features.plan(name, version), random: () => 0 },
    ),
    () => PUBLISHED_MS,
  );
  await sink.bundle([...some]);
}

beforeAll(async () => {
  const client = bigqueryClient(endpoints);
  const layout = bigqueryLayout(features.plans, { project: endpoints.project, dataset }, 0);
  await provisionBigquery(client, dataset, layout, instantRetry());
  await pubsub.createTopic(topicsOf(EVENT).source);
  await write(letters);
});
afterAll(closeClients);

describe("freshet dead-letters", () => {
  it("lists a letter of every reason, with the bytes as they came", async () => {
    const shown = (await freshet("list")) as Shown[];
    expect(shown.map(({ reason }) => reason).sort()).toEqual([...Object.keys(bytes), "row_rejected"].sort());
    for (const letter of letters) {
      const of = shown.find(({ message_id: id }) => id === letter.message.messageId);
      expect(of).toMatchObject({ reason: letter.reason, truncated: letter.reason === "message_too_large" });
      if (of?.truncated) continue;
      expect(Buffer.from(of?.data ?? "", "base64")).toEqual(Buffer.from(letter.message.data));
    }
  });

  it("lists those that are asked for", async () => {
    const shown = (await freshet("list", "--reason", "empty_key", "--event", EVENT)) as Shown[];
    expect(shown.map(({ message_id: id }) => id)).toEqual(["message of empty_key"]);
    expect(await freshet("list", "--since", new Date(PUBLISHED_MS + 1).toISOString())).toEqual([]);
  });

  it("publishes what was whole again, with its first publish time", async () => {
    const [dry] = await freshet("redrive", "--dry-run");
    expect(dry).toEqual({ published: 0, left: 2 });
    const [told] = await freshet("redrive");
    expect(told).toEqual({ published: letters.length - 2, left: 2 });

    const redriven = await pubsub.take(topicsOf(EVENT).source, letters.length - 2);
    const mismatch = redriven.find(({ attributes }) =>
      attributes["freshet_first_message_id"]?.endsWith("schema_mismatch"),
    );
    expect(mismatch?.data.toString()).toBe(Buffer.from(bytes.schema_mismatch.data).toString());
    expect(parseInstant(mismatch?.attributes["freshet_first_publish_time"] ?? "")).toBe(PUBLISHED_MS);

    // What was mended in between is then an event of its first publish, not of today.
    const event = decode({
      data: Buffer.from(JSON.stringify(purchase)),
      attributes: mismatch?.attributes ?? {},
      messageId: "m2",
      publishTimeMs: PUBLISHED_MS + HOUR_MS,
      orderingKey: "",
    });
    expect(event).toMatchObject({
      publishTimeMs: PUBLISHED_MS,
      deliveredTimeMs: PUBLISHED_MS + HOUR_MS,
      messageId: "message of schema_mismatch",
    });
  });

  it("lists when each was published again, and leaves those out of the next redrive, unless it is told", async () => {
    const shown = (await freshet("list")) as Shown[];
    const marked = shown.filter(({ redriven_at: at }) => at !== null).map(({ reason }) => reason);
    expect(marked.sort()).toEqual(Object.keys(bytes).filter(isWhole).sort());
    for (const { redriven_at: at } of shown) expect(at === null || Date.parse(at) > STARTED_MS).toBe(true);

    expect(await freshet("redrive")).toEqual([{ published: 0, left: 2 }]);
    const one = ["--reason", "malformed"];
    expect(await freshet("redrive", ...one, "--again")).toEqual([{ published: 1, left: 0 }]);
    const [again] = (await freshet("list", ...one)) as Shown[];
    const [before] = shown.filter(({ reason }) => reason === "malformed");
    expect(Date.parse(again?.redriven_at ?? "")).toBeGreaterThan(Date.parse(before?.redriven_at ?? ""));
  });

  it("takes a message that failed once more for a dead letter of its own", async () => {
    const [redriven] = await pubsub.take(topicsOf(EVENT).source, 1); // the one of `--again`
    const failed = decode({
      data: redriven?.data ?? Buffer.of(),
      attributes: redriven?.attributes ?? {},
      messageId: "malformed once more",
      publishTimeMs: PUBLISHED_MS + HOUR_MS,
      orderingKey: "",
    });
    if (!isDeadLetter(failed)) throw new Error("it was decoded");
    await write([failed]);
    const shown = (await freshet("list", "--reason", "malformed")) as Shown[];
    expect(shown.map(({ message_id: id, redriven_at: at }) => [id, at !== null])).toEqual([
      ["malformed once more", false],
      ["message of malformed", true],
    ]);
    expect(await freshet("redrive")).toEqual([{ published: 1, left: 2 }]);
    const [last] = await pubsub.take(topicsOf(EVENT).source, 1);
    expect(last?.attributes).toMatchObject({ freshet_first_message_id: "message of malformed" });
  });

  it("says so where it could not record what it published", async () => {
    const stored = await readDeadLetters(
      bigqueryClient(endpoints),
      dataset,
      { reason: "empty_key", limit: 1 },
      instantRetry(),
    );
    const nowhere = { ...endpoints, bigquery: { ...endpoints.bigquery, dataset: "no_such" } };
    const { published, unrecorded } = await publishAgain(
      nowhere,
      topicsOf(EVENT).source,
      stored,
      Date.now(),
      instantRetry(),
    );
    expect({ published, unrecorded }).toEqual({ published: 1, unrecorded: expect.any(String) as unknown });
  });
});
