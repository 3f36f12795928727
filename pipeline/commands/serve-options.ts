import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../core/duration.ts";
import { messageOf } from "../core/error-message.ts";
import { FreshetError } from "../core/errors.ts";
import { duration, list, positiveNumber, type StoreFlags, wholeNumber } from "../options.ts";
import type { FeatureServerOptions } from "../serving/feature-server.ts";

/** What the options of `addServeOptions` give. */
export interface ServeFlags extends StoreFlags {
  readonly host: string;
  readonly port: number;
  readonly deadline: number;
  readonly maxKeys: number;
  readonly maxConcurrent: number;
  readonly maxQueue: number;
  readonly hedgeAfter?: number | "p95";
  readonly apiKeys?: string;
  readonly apiKeysFile?: string;
  readonly idTokenAudience?: readonly string[];
  readonly allowedAccounts?: readonly string[];
  readonly idTokenCertsUrl?: string;
  readonly allowUnauthenticated?: boolean;
  readonly rateLimit?: number;
  readonly logVectors: number;
  readonly accessLog?: boolean;
  readonly console?: boolean;
  readonly consoleChanges?: boolean;
  readonly otlpEndpoint?: string;
  readonly otlpTracesEndpoint?: string;
  readonly otelServiceName: string;
  readonly traceSampling?: number;
  readonly drain: number;
}

/** Thrown when everybody on a network could ask, and nobody said that this is meant. */
export class OpenServerError extends FreshetError {
  constructor(host: string) {
    const message = `--host ${host} is reachable for others, and nothing says who may ask: give --api-keys-file or --id-token-audience, or say --allow-unauthenticated where something before the server asks who it is`;
    super("open_server", message, { host });
  }
}

/** Thrown when ID tokens are to be taken, and it isn't said for whom they are made or whose. */
export class IdTokenOptionsError extends FreshetError {
  constructor(given: string, missing: string, why: string) {
    super("bad_id_token_options", `${given} needs ${missing}: ${why}`, { given, missing });
  }
}

/** Addresses that only this machine reaches. */
export const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "localhost"]);
const hidden = (flags: string, description: string, variable: string) =>
  new Option(flags, description).env(variable).hideHelp();

/** Options of `serve`, beside those of the stores. */
export function addServeOptions(command: Command): Command {
  return command
    .option("--host <address>", "where to listen; others than this machine only with keys", "127.0.0.1")
    .addOption(
      new Option("--port <n>", "port, 0 for a free one").env("PORT").argParser(wholeNumber).default(8080),
    )
    .option("--deadline <duration>", "longest time for an answer; a caller may ask for less", duration, 250)
    .option("--max-keys <n>", "keys of one request", wholeNumber, 1_000)
    .option("--max-concurrent <n>", "requests that are worked on at once", wholeNumber, 128)
    .option("--max-queue <n>", "requests that wait; any more are refused", wholeNumber, 256)
    .option(
      "--hedge-after <duration|p95>",
      "read again what Bigtable has not answered by then, for 5 % of the reads at most",
      hedgeAfter,
    )
    .option("--api-keys-file <path>", "callers that may ask: a line each, name and SHA-256 of the key in hex")
    .addOption(hidden("--api-keys <lines>", "the same as text", "FRESHET_API_KEYS"))
    .addOption(
      new Option("--id-token-audience <list>", "take Google ID tokens that are made for one of these")
        .env("FRESHET_ID_TOKEN_AUDIENCE")
        .argParser(list),
    )
    .addOption(
      new Option("--allowed-accounts <list>", "e-mail addresses of the accounts that may ask by ID token")
        .env("FRESHET_ALLOWED_ACCOUNTS")
        .argParser(list),
    )
    .addOption(
      hidden("--id-token-certs-url <url>", "where the keys of ID tokens are", "FRESHET_ID_TOKEN_CERTS_URL"),
    )
    .option("--allow-unauthenticated", "let everybody ask that reaches --host")
    .option("--rate-limit <n>", "requests a second of one caller (default: any number)", positiveNumber)
    .option(
      "--log-vectors <fraction>",
      "part of the requests whose vectors go to BigQuery, 0 to 1",
      fraction,
      0,
    )
    .option("--access-log", "a line for each request, without keys and values")
    .option("--console", "the console at /console/ (default: where --host is this machine alone)")
    .option("--no-console", "no console")
    .option(
      "--console-changes",
      "dead letters can be published again from the console (default: as --console)",
    )
    .option("--no-console-changes", "the console changes nothing")
    .addOption(
      new Option("--otlp-endpoint <url>", "send traces there, by OTLP over HTTP")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT")
        .argParser(httpUrl),
    )
    .addOption(
      hidden(
        "--otlp-traces-endpoint <url>",
        "the same with its path",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
      ).argParser(httpUrl),
    )
    .addOption(
      hidden("--otel-service-name <name>", "the server in traces", "OTEL_SERVICE_NAME").default("freshet"),
    )
    .option(
      "--trace-sampling <fraction>",
      "part of the traces that begin here, 0 to 1 (default: all, or what OTEL_TRACES_SAMPLER says)",
      fraction,
    )
    .option("--drain <duration>", "how long requests may take to end at SIGTERM", duration, 10_000);
}

/** What flags say of who may ask, and of traces. */
type Optional = Pick<
  FeatureServerOptions,
  "apiKeys" | "idTokens" | "tracing" | "hedgeAfter" | "ratePerSecond"
>;

/**
 * What the flags ask for beyond what every server has.
 * @throws OpenServerError, IdTokenOptionsError
 */
export async function optionalParts(flags: ServeFlags): Promise<Optional> {
  const { host, allowUnauthenticated, hedgeAfter, rateLimit } = flags;
  const keys = await apiKeyLines(flags);
  const tokens = idTokensOf(flags);
  const isOpen = keys === undefined && tokens === undefined && !LOOPBACK_HOSTS.has(host);
  if (isOpen && !allowUnauthenticated) throw new OpenServerError(host);
  const url = tracesUrl(flags);
  return {
    ...(keys !== undefined && { apiKeys: keys }),
    ...(tokens !== undefined && { idTokens: tokens }),
    ...(url !== undefined && {
      tracing: {
        url,
        serviceName: flags.otelServiceName,
        ...(flags.traceSampling !== undefined && { fraction: flags.traceSampling }),
      },
    }),
    ...(hedgeAfter !== undefined && { hedgeAfter }),
    ...(rateLimit !== undefined && { ratePerSecond: rateLimit }),
  };
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

function idTokensOf({
  idTokenAudience: audiences = [],
  allowedAccounts: accounts = [],
  idTokenCertsUrl: certsUrl,
}: ServeFlags): FeatureServerOptions["idTokens"] {
  if (audiences.length === 0 && accounts.length === 0) return undefined;
  if (audiences.length === 0) {
    const why = "a token that was made for another service must not be taken";
    throw new IdTokenOptionsError("--allowed-accounts", "--id-token-audience", why);
  }
  if (accounts.length === 0) {
    const why = "Google makes tokens for any audience and for everyone who has an account";
    throw new IdTokenOptionsError("--id-token-audience", "--allowed-accounts", why);
  }
  return { audiences, accounts, ...(certsUrl !== undefined && { certsUrl }) };
}

function tracesUrl({ otlpEndpoint, otlpTracesEndpoint }: ServeFlags): string | undefined {
  if (otlpTracesEndpoint !== undefined) return otlpTracesEndpoint;
  return otlpEndpoint === undefined ? undefined : `${otlpEndpoint.replace(/\/$/, "")}/v1/traces`;
}

function fraction(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("write a number from 0 to 1.");
}

function hedgeAfter(text: string): number | "p95" {
  if (text === "p95") return text;
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('write a duration like "10ms", or p95.');
  }
}

function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("write a URL like http://127.0.0.1:4318.");
}
