import { Command } from "commander";
import { features } from "../features/registry.ts";
import { addStoreOptions, instant, storesOf, type StoreFlags } from "../options.ts";
import { closeClients } from "../stores/clients.ts";
import { explain } from "../core/audit/explain.ts";
import { explanationJson } from "../core/audit/explanation-json.ts";
import { readKeyFacts } from "../stores/key-facts.ts";
import { commandRetry } from "./command-retry.ts";
import { explainPicture } from "./explain-picture.ts";
import { say, sayJson } from "./output.ts";

interface ExplainFlags extends StoreFlags {
  readonly view: string;
  readonly key: string;
  readonly at?: number;
  readonly json?: boolean;
}

/** `freshet explain --view V --key K`: why is this 3? */
export function explainCommand(): Command {
  const command = new Command("explain")
    .description(
      "Show why a view answers what it answers for a key: its events, what became of each, the panes, the rule.",
    )
    .requiredOption("--view <name>", `feature view: ${features.plans.map(({ name }) => name).join(", ")}`)
    .requiredOption("--key <key>", "entity key, like a user id")
    .option("--at <time>", "the instant to explain (default: now)", instant)
    .option("--json", "print one JSON document");
  return addStoreOptions(command).action(explainKey);
}

async function explainKey(flags: ExplainFlags): Promise<void> {
  const plan = features.plan(flags.view);
  const event = features.event(plan.source);
  const atMs = flags.at ?? Date.now();
  const endpoints = await storesOf(flags);
  try {
    const facts = await readKeyFacts(endpoints, { plan, event, key: flags.key, atMs }, commandRetry);
    const explanation = explain(plan, facts, atMs);
    if (flags.json) sayJson(explanationJson(plan, explanation));
    else for (const line of explainPicture(plan, explanation)) say(line);
  } finally {
    await closeClients();
  }
}
