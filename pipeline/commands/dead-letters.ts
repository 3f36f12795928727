import { Command, Option } from "commander";
import { FreshetError } from "../core/errors.ts";
import { formatInstant } from "../core/instant.ts";
import { addStoreOptions, instant, storesOf, type StoreFlags, wholeNumber } from "../options.ts";
import { bigqueryClient, closeClients } from "../stores/clients.ts";
import {
  deadLetterJson,
  type DeadLetterFilter,
  notRedrivable,
  readDeadLetters,
  type StoredDeadLetter,
} from "../stores/dead-letters.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { byTopic, publishAgain } from "../stores/redrive.ts";
import { commandRetry } from "./command-retry.ts";
import { note, say, sayJson } from "./output.ts";

interface LetterFlags extends StoreFlags {
  readonly event?: string;
  readonly reason?: string;
  readonly messageId?: string;
  readonly since?: number;
  readonly limit: number;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly again?: boolean;
}

const PREVIEW_CHARACTERS = 120;

/** `freshet dead-letters list|redrive`: messages that could not be used, and their second chance. */
export function deadLettersCommand(): Command {
  return new Command("dead-letters")
    .description("Look at messages that could not be used, and publish them again once the cause is mended.")
    .addCommand(
      withFilter(new Command("list"))
        .description("Show dead letters, the newest first.")
        .action((flags: LetterFlags) => onStores(flags, list)),
    )
    .addCommand(
      withFilter(new Command("redrive"))
        .description("Publish dead letters again to their topic; they keep their first publish time.")
        .option("--dry-run", "say what would be published, and publish nothing")
        .option("--again", "those that were redriven before too (default: they are left out)")
        .action((flags: LetterFlags) => onStores(flags, redrive, flags.again ? {} : { redriven: false })),
    );
}

function withFilter(command: Command): Command {
  return addStoreOptions(command)
    .option("--event <name>", "only of this event")
    .option("--reason <reason>", "only with this reason, like schema_mismatch")
    .option("--message-id <id>", "only this message")
    .addOption(new Option("--since <time>", "only published at or after this time").argParser(instant))
    .option("--limit <n>", "at most so many", wholeNumber, 100)
    .option("--json", "print a JSON document a letter");
}

async function onStores(
  flags: LetterFlags,
  run: (endpoints: StoreEndpoints, letters: StoredDeadLetter[], flags: LetterFlags) => void | Promise<void>,
  which: Pick<DeadLetterFilter, "redriven"> = {},
): Promise<void> {
  const endpoints = await storesOf(flags);
  const { event, reason, messageId, since, limit } = flags;
  const filter: DeadLetterFilter = {
    limit,
    ...which,
    ...(event !== undefined && { event }),
    ...(reason !== undefined && { reason }),
    ...(messageId !== undefined && { messageId }),
    ...(since !== undefined && { sinceMs: since }),
  };
  try {
    const client = bigqueryClient(endpoints);
    const letters = await readDeadLetters(client, endpoints.bigquery.dataset, filter, commandRetry);
    await run(endpoints, letters, flags);
    if (letters.length === limit) note(`the first ${String(limit)} only: --limit gives more`);
  } finally {
    await closeClients();
  }
}

function list(_endpoints: StoreEndpoints, letters: readonly StoredDeadLetter[], flags: LetterFlags): void {
  if (flags.json) {
    for (const letter of letters) sayJson(deadLetterJson(letter));
    return;
  }
  if (letters.length === 0) note("no dead letters");
  for (const { event, reason, detail, message, redrivenMs } of letters) {
    const at = formatInstant(message.publishTimeMs);
    const again = redrivenMs === null ? "" : `  redriven ${formatInstant(redrivenMs)}`;
    say(
      `${at}  ${event}  ${reason}  message ${message.messageId}${again}\n  ${detail}\n  ${preview(message.data)}`,
    );
  }
}

/** The beginning of a payload, on one line; what no terminal should get is escaped. */
function preview(data: Uint8Array): string {
  const text = Buffer.from(data.subarray(0, PREVIEW_CHARACTERS)).toString("utf8");
  const more = data.byteLength > PREVIEW_CHARACTERS ? "…" : "";
  return JSON.stringify(text).slice(1, -1) + more;
}

async function redrive(
  endpoints: StoreEndpoints,
  letters: readonly StoredDeadLetter[],
  flags: LetterFlags,
): Promise<void> {
  const chosen = letters.filter((letter) => notRedrivable(letter) === undefined);
  if (letters.length === 0 && !flags.again)
    note("none that was not redriven before: --again takes those too");
  let published = 0;
  for (const { topic, ofTopic } of byTopic(chosen)) {
    if (flags.dryRun) {
      note(`would publish ${String(ofTopic.length)} to ${topic}`);
      continue;
    }
    // The oldest first, as they came.
    const result = await publishAgain(endpoints, topic, ofTopic.toReversed(), Date.now(), commandRetry);
    published += result.published;
    const [refused] = result.refused;
    if (refused) {
      throw new FreshetError(
        "publish_refused",
        `Pub/Sub refused ${String(result.refused.length)} of ${String(ofTopic.length)} messages: ${refused.detail}`,
      );
    }
    if (result.unrecorded !== null) {
      throw new FreshetError(
        "redrive_unrecorded",
        `${String(published)} messages were published again, but the last of them are not listed as redriven: ${result.unrecorded}`,
        { published },
      );
    }
  }
  const left = letters.length - chosen.length;
  if (flags.json) sayJson({ published, left });
  else say(`published ${String(published)} again, left ${String(left)} that no redrive can help`);
}
