import { Command } from "commander";
import { addStoreOptions, storesOf, type StoreFlags } from "../options.ts";
import { queryRows } from "../stores/bigquery-query.ts";
import { bigqueryClient, closeClients } from "../stores/clients.ts";
import { commandRetry } from "./command-retry.ts";
import { note, say, sayJson } from "./output.ts";

/** `freshet sql QUERY`: a query on the offline store. */
export function sqlCommand(): Command {
  const command = new Command("sql")
    .description("Run a query on the offline store. Tables need no data set in front.")
    .argument(
      "<query>",
      'standard SQL, like "SELECT * FROM user_purchases ORDER BY window_end DESC LIMIT 10"',
    )
    .option("--json", "print a JSON document a row");
  return addStoreOptions(command).action(sql);
}

async function sql(query: string, flags: StoreFlags & { readonly json?: boolean }): Promise<void> {
  const endpoints = await storesOf(flags);
  try {
    const request = { sql: query, dataset: endpoints.bigquery.dataset };
    const rows = await queryRows(bigqueryClient(endpoints), request, commandRetry);
    if (flags.json) rows.forEach(sayJson);
    else printTable(rows);
  } finally {
    await closeClients();
  }
}

function printTable(rows: readonly Readonly<Record<string, unknown>>[]): void {
  const [first] = rows;
  if (!first) {
    note("no rows");
    return;
  }
  const names = Object.keys(first);
  const cells = rows.map((row) => names.map((name) => text(row[name])));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (values: readonly string[]) =>
    values.map((value, i) => value.padEnd(widths[i] ?? 0)).join("  ");
  say(line(names).trimEnd());
  for (const row of cells) say(line(row).trimEnd());
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
