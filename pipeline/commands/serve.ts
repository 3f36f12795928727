import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { messageOf } from "../core/error-message.ts";
import { FreshetError } from "../core/errors.ts";
import { services } from "../features/services.ts";
import {
  addStoreOptions,
  duration,
  positiveNumber,
  storesOf,
  type StoreFlags,
  wholeNumber,
} from "../options.ts";
import { closeClients } from "../stores/clients.ts";
import { startFeatureServer } from "../serving/feature-server.ts";
import { untilInterrupted } from "./interrupt.ts";
import { note, say } from "./output.ts";

interface ServeFlags extends StoreFlags {
  readonly host: string;
  readonly port: number;
  readonly deadline: number;
  readonly maxKeys: number;
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  readonly apiKeys?: string;
  readonly apiKeysFile?: string;
  readonly allowUnauthenticated?: boolean;
  readonly rateLimit?: number;
  readonly logVectors: number;
  readonly accessLog?: boolean;
  readonly drain: number;
}

/** Thrown when everybody on a network could ask, and nobody said that this is meant. */
export class OpenServerError extends FreshetError {
  constructor(host: string) {
    const message = `--host ${host} is reachable for others, and no API keys are set: give --api-keys-file, or say --allow-unauthenticated where something before the server asks who it is`;
    super("open_server", message, { host });
  }
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** `freshet serve`: the feature server. */
export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Serve feature vectors over HTTP: POST /v1/services/NAME:read, contract at /openapi.json.")
    .option("--host <address>", "where to listen; others than this machine only with keys", "127.0.0.1")
    .addOption(
      new Option("--port <n>", "port, 0 for a free one").env("PORT").argParser(wholeNumber).default(8080),
    )
    .option("--deadline <duration>", "longest time for an answer; a caller may ask for less", duration, 250)
    .option("--max-keys <n>", "keys of one request", wholeNumber, 1_000)
    .option("--max-concurrent <n>", "requests that are worked on at once", wholeNumber, 128)
    .option("--max-queue <n>", "requests that wait; any more are refused", wholeNumber, 256)
    .option("--api-keys-file <path>", "callers that may ask: a line each, name and SHA-256 of the key in hex")
    .addOption(new Option("--api-keys <lines>", "the same as text").env("FRESHET_API_KEYS").hideHelp())
    .option("--allow-unauthenticated", "let everybody ask that reaches --host")
    .option("--rate-limit <n>", "requests a second of one caller (default: any number)", positiveNumber)
    .option(
      "--log-vectors <fraction>",
      "part of the requests whose vectors go to BigQuery, 0 to 1",
      fraction,
      0,
    )
    .option("--access-log", "a line for each request, without keys and values")
    .option("--drain <duration>", "how long requests may take to end at SIGTERM", duration, 10_000);
  return addStoreOptions(command).action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const keys = await apiKeyLines(flags);
  if (keys === undefined && !LOOPBACK.has(flags.host) && !flags.allowUnauthenticated) {
    throw new OpenServerError(flags.host);
  }
  const server = await startFeatureServer({
    services,
    stores: await storesOf(flags),
    host: flags.host,
    port: flags.port,
    limits: { keys: flags.maxKeys, bodyBytes: 1_048_576, deadlineMs: flags.deadline },
    admission: { concurrent: flags.maxConcurrent, queued: flags.maxQueue },
    ...(keys !== undefined && { apiKeys: keys }),
    ...(flags.rateLimit !== undefined && { ratePerSecond: flags.rateLimit }),
    logFraction: flags.logVectors,
    accessLog: flags.accessLog ?? false,
    write: note,
  });
  say(
    `serving ${services.all.map(({ name, version }) => `${name}@${String(version)}`).join(", ")} at ${server.url}`,
  );
  await untilInterrupted();
  note("draining");
  await server.stop(flags.drain);
  await closeClients();
}

async function apiKeyLines({ apiKeys, apiKeysFile }: ServeFlags): Promise<string | undefined> {
  if (apiKeysFile === undefined) return apiKeys;
  try {
    return await readFile(apiKeysFile, "utf8");
  } catch (error) {
    throw new FreshetError(
      "no_api_keys_file",
      `--api-keys-file ${apiKeysFile} can't be read: ${messageOf(error)}`,
    );
  }
}

function fraction(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("write a number from 0 to 1.");
}
