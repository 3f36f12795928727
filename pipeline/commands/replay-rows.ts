import { createReadStream, createWriteStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { partFile } from "../beam/file-sink.ts";
import type { FeatureJson } from "../core/feature-json.ts";
import type { ViewPlan } from "../core/view-plan.ts";

/**
 * Sorts the rows that a replay's workers wrote, drops those that a repeated bundle wrote twice, and writes one file.
 * All rows of one view are held in memory.
 * @returns the number of rows
 */
export async function collectRows(dir: string, plans: readonly ViewPlan[], to: string): Promise<number> {
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    for (const plan of plans) {
      for (const line of await sortedLines(partFile(dir, plan), plan)) {
        rows += 1;
        yield `${line}\n`;
      }
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(to));
  return rows;
}

async function sortedLines(file: string, plan: ViewPlan): Promise<string[]> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return []; // a view that nothing reached
  const entries: { readonly order: string; readonly line: string }[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    entries.push({ order: orderOf(JSON.parse(line) as FeatureJson, plan), line });
  }
  entries.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  return entries.filter(({ line }, i) => line !== entries[i - 1]?.line).map(({ line }) => line);
}

/** By key, window, number of events. */
function orderOf(row: FeatureJson, plan: ViewPlan): string {
  return [
    row.entity[plan.keyField],
    row.window_end,
    String(row.seq).padStart(12, "0"),
    row.available_at,
  ].join("\0");
}
