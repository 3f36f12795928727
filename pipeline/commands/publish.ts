import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { FreshetError } from "../core/errors.ts";
import { parseRecordingLine } from "../core/recording.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, storesOf, type StoreFlags } from "../options.ts";
import { closeClients, publisherClient } from "../stores/clients.ts";
import { topicsOf } from "../stores/pubsub-layout.ts";
import { eventMessage, type OutgoingMessage } from "../stores/pubsub-messages.ts";
import { publishAll } from "../stores/pubsub-publisher.ts";
import { commandRetry } from "./command-retry.ts";
import { say, sayJson } from "./output.ts";

interface PublishFlags extends StoreFlags {
  readonly file?: string;
  readonly event: string;
  readonly json?: boolean;
}

/** `freshet publish EVENT` or `--file FILE`. */
export function publishCommand(): Command {
  const command = new Command("publish")
    .description("Publish one event, or a file of them, to the event's topic.")
    .argument(
      "[json]",
      'the event; event_id and occurred_at are filled in where missing: \'{"event_type":"purchase",…}\'',
    )
    .option("--file <file>", "NDJSON: an event a line, or a recording's messages; sent as they are")
    .option("--event <name>", "which event", features.events[0]?.name)
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(publish);
}

async function publish(text: string | undefined, flags: PublishFlags): Promise<void> {
  const { name } = features.event(flags.event);
  if ((text === undefined) === (flags.file === undefined)) {
    throw new FreshetError("publish_what", "give either an event as JSON, or --file with a file of events");
  }
  const messages = flags.file === undefined ? [completed(text ?? "")] : messagesOf(flags.file);
  if (flags.file !== undefined) await mustExist(flags.file);
  const endpoints = await storesOf(flags);
  try {
    const client = publisherClient(endpoints);
    const { published, refused } = await publishAll(
      client,
      endpoints.project,
      topicsOf(name).source,
      messages,
      commandRetry,
    );
    if (flags.json) sayJson({ topic: topicsOf(name).source, published, refused: refused.length });
    else say(`published ${published} to ${topicsOf(name).source}`);
    const [first] = refused;
    if (first)
      throw new FreshetError(
        "publish_refused",
        `Pub/Sub refused ${refused.length} messages: ${first.detail}`,
      );
  } finally {
    await closeClients();
  }
}

/** An event that a person typed: what every event must have and nobody wants to type is filled in. */
function completed(text: string): OutgoingMessage {
  const {
    event_id: eventId = randomUUID(),
    occurred_at: occurredAt = Date.now(),
    ...rest
  } = parseObject(text);
  const record = { event_id: eventId, ...rest, occurred_at: occurredAt };
  return eventMessage(Buffer.from(JSON.stringify(record)), typeof eventId === "string" ? { eventId } : {});
}

async function* messagesOf(file: string): AsyncGenerator<OutgoingMessage> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() === "") continue;
    if (/"message_id"/.test(text) && /"publish_time"/.test(text)) {
      const { data, attributes } = parseRecordingLine(text, line);
      yield { data, attributes };
    } else {
      const eventId = /"event_id"\s*:\s*"([^"\\]+)"/.exec(text)?.[1];
      yield eventMessage(Buffer.from(text), eventId === undefined ? {} : { eventId });
    }
  }
}

async function mustExist(file: string): Promise<void> {
  await access(file).catch(() => {
    throw new FreshetError("no_such_file", `there is no file ${file} that can be read`, { file });
  });
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FreshetError("not_an_event", `${JSON.stringify(text)} is no JSON object`);
  }
  return value as Record<string, unknown>;
}
