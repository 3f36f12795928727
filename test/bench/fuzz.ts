/**
 * Shakes the feature server over HTTP, a process of its own on the Bigtable emulator: requests of every shape, most by
 * fast-check, some by schemathesis, which reads the server's own contract and holds the answers to it. It fails where one
 * answer is a 5xx, shows the inside or breaks the contract, and where a line of the log holds what it may not.
 *
 *     node infra/local/bootstrap.mjs --script test/bench/fuzz.ts [--requests 200000] [--examples 1000] [--seed 1]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { Command } from "commander";
import fc from "fast-check";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import { currentEnd } from "../../pipeline/core/answer.ts";
import { features } from "../../pipeline/features/registry.ts";
import { wholeNumber } from "../../pipeline/options.ts";
import { bigtableLayout } from "../../pipeline/stores/bigtable-layout.ts";
import { provisionBigtable } from "../../pipeline/stores/bigtable-provision.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { defaultRetryPolicy } from "../../pipeline/stores/retry.ts";
import { type FuzzRequest, fuzzRequest, harmless } from "../support/fuzz-requests.ts";
import { testRow } from "../support/stores.ts";
import { startBigtable } from "./bigtable-emulator.ts";
import { ensurePythonTool, type PythonTool } from "./python-tool.ts";
import { ServerLogCheck } from "./server-log.ts";
import { conditions, inBenchFolder, table } from "./support.ts";

interface FuzzFlags {
  readonly requests: number;
  readonly examples: number;
  readonly seed: number;
}

const CALLERS = 16;
const DRAWN_AT_ONCE = 500;
const TOLD_EVERY = 20_000;
const retry = { policy: defaultRetryPolicy, random: Math.random };

await new Command("fuzz")
  .option("--requests <n>", "by fast-check", wholeNumber, 200_000)
  .option("--examples <n>", "of each operation of the contract, by schemathesis; 0: none", wholeNumber, 1_000)
  .option("--seed <n>", "of both", wholeNumber, 1)
  .action(fuzz)
  .parseAsync();
process.exit();

async function fuzz({ requests, examples, seed }: FuzzFlags): Promise<void> {
  const emulator = await startBigtable();
  await fill(emulator.stores);
  const log = new ServerLogCheck();
  const server = startServer(emulator.stores, log);
  const url = await listening(server);
  console.log(conditions());
  const outcomes = await byFastCheck(url, requests, seed);
  const before = log.requests;
  const failed = examples > 0 && !(await bySchemathesis(url, examples, seed));
  server.kill("SIGTERM");
  const [code] = (await once(server, "close")) as [number | null];
  emulator.stop();
  console.log(
    table(
      ["answers to fast-check", "requests"],
      [...outcomes].map(([k, n]) => [k, String(n)]),
    ),
  );
  console.log(
    `${String(log.requests)} lines in the log, ${String(log.requests - before)} of schemathesis and the end`,
  );
  for (const line of log.leaks) console.log(`a line that may not be: ${line}`);
  if (failed || log.leaks.length > 0 || code !== 0) process.exitCode = 1;
  console.log(process.exitCode === 1 ? "FAILED" : "no 5xx, no leak");
}

/** Some keys have rows. */
async function fill(stores: StoreEndpoints): Promise<void> {
  const client = bigtableClient(stores);
  const layout = bigtableLayout(features.plans, stores.generation);
  await provisionBigtable(client, stores.bigtable.instance, layout, retry);
  for (const plan of features.plans) {
    const windowEndMs = currentEnd(plan, Date.now());
    const rows = ["ann", "DE", "0"].map((key) => testRow(plan, { key, windowEndMs }));
    await new BigtableStore(client, stores, retry).writeRows(plan, rows);
  }
  await closeClients();
}

function startServer({ project, bigtable, bigquery }: StoreEndpoints, log: ServerLogCheck): ChildProcess {
  const main = path.join(CHECKOUT, "pipeline", "main.ts");
  const server = spawn(
    process.execPath,
    [
      ...[main, "serve", "--port", "0", "--access-log", "--deadline", "10s", "--project", project],
      ...["--instance", bigtable.instance, "--bigtable-emulator", bigtable.emulatorHost ?? ""],
      ...["--dataset", bigquery.dataset, "--bigquery-endpoint", bigquery.apiEndpoint ?? ""],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  createInterface({ input: server.stderr }).on("line", (line) => log.add(line));
  process.on("exit", () => void server.kill());
  return server;
}

async function listening(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new TypeError("the server has no output");
  for await (const line of createInterface({ input: server.stdout })) {
    const [url] = /http:\S+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error("the server did not listen");
}

/** @returns how many requests had which outcome */
async function byFastCheck(url: string, requests: number, seed: number): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  for (let done = 0; done < requests; done += DRAWN_AT_ONCE) {
    const numRuns = Math.min(DRAWN_AT_ONCE, requests - done);
    const drawn = fc.sample(fuzzRequest, { seed: seed + done, numRuns }).values();
    const caller = async () => {
      for (const request of drawn) {
        const outcome = await ask(url, request);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    if ((done + numRuns) % TOLD_EVERY === 0) console.error(`${String(done + numRuns)} requests`);
  }
  return outcomes;
}

async function ask(url: string, { path: where, body, ...init }: FuzzRequest): Promise<string> {
  const response = await fetch(`${url}${where}`, { ...init, ...(body !== undefined && { body }) });
  try {
    return harmless(response.status, await response.text());
  } catch (error) {
    throw new Error(`after ${JSON.stringify({ where, ...init, body })}`, { cause: error });
  }
}

/** @returns whether it found nothing */
async function bySchemathesis(url: string, examples: number, seed: number): Promise<boolean> {
  const { python, env } = await ensurePythonTool("schemathesis");
  let isFine = false;
  await inBenchFolder("schemathesis", async (cwd) => {
    const child = spawn(
      python,
      [
        ...["-m", "schemathesis.cli", "run", `${url}/openapi.json`, "--checks", "all", "--no-shrink"],
        ...[
          "--phases",
          "examples,coverage,fuzzing",
          "--max-examples",
          String(examples),
          "--seed",
          String(seed),
        ],
        // One worker: CPython 3.11 has a fault where two threads parse Python at once.
        ...["--workers", "1", "--suppress-health-check", "all", "--warnings", "off", "--no-color"],
      ],
      { cwd, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...hooked(env) } },
    );
    const [code] = (await once(child, "close")) as [number | null];
    isFine = code === 0;
  });
  return isFine;
}

/** Python finds the hooks beside this file. */
function hooked({ PYTHONPATH = "" }: PythonTool["env"]): Record<string, string> {
  const folders = [PYTHONPATH, import.meta.dirname];
  return { PYTHONPATH: folders.join(path.delimiter), SCHEMATHESIS_HOOKS: "schemathesis_hooks" };
}
