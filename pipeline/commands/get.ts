import { Command } from "commander";
import type { Answer } from "../core/answer.ts";
import type { AnswerJson } from "../core/answer-contract.ts";
import { answerJson } from "../core/answer-json.ts";
import { features } from "../features/registry.ts";
import { addStoreOptions, instant, storesOf, type StoreFlags } from "../options.ts";
import { BigtableStore } from "../stores/bigtable-store.ts";
import { bigtableClient, closeClients } from "../stores/clients.ts";
import { commandRetry } from "./command-retry.ts";
import { say, sayJson } from "./output.ts";

interface GetFlags extends StoreFlags {
  readonly at?: number;
  readonly json?: boolean;
}

/** `freshet get VIEW KEY`: what the online store answers for a key. */
export function getCommand(): Command {
  const command = new Command("get")
    .description(
      "Show what the online store answers for a key: values, their status, and the pane behind them.",
    )
    .argument("<view>", `feature view: ${features.plans.map(({ name }) => name).join(", ")}`)
    .argument("<key>", "entity key, like a user id")
    .option("--at <time>", "the instant to answer for (default: now)", instant)
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(get);
}

async function get(view: string, key: string, flags: GetFlags): Promise<void> {
  const plan = features.plan(view);
  const atMs = flags.at ?? Date.now();
  const endpoints = await storesOf(flags);
  try {
    const store = new BigtableStore(bigtableClient(endpoints), endpoints, commandRetry);
    const answer = (await store.answers(plan, [key], atMs)).get(key) as Answer;
    const document = answerJson(plan, key, atMs, answer);
    if (flags.json) sayJson(document);
    else print(document);
  } finally {
    await closeClients();
  }
}

function print({ view, version, entity, at, as_of: asOf, stale, features: values, pane }: AnswerJson) {
  const [[field, key]] = Object.entries(entity) as [[string, string]];
  say(`${view} v${version}   ${field} = ${key}   at ${at}`);
  const width = Math.max(...Object.keys(values).map((name) => name.length));
  for (const [name, column] of Object.entries(values)) {
    say(`  ${name.padEnd(width)}  ${String(column.value).padStart(12)}  ${column.status}`);
  }
  say(`  as of ${asOf ?? "unknown"}${stale ? "   STALE: the pipeline is behind, or not running" : ""}`);
  if (pane) {
    say(
      `  pane: window end ${pane.window_end}, ${pane.timing}, seq ${pane.seq}, says nothing from ${pane.empty_from}`,
    );
  } else {
    say("  no pane applies: every value is its default");
  }
}
