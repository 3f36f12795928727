import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localDir } from "../../infra/local/install/context.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { FeatureJson } from "../../pipeline/core/feature-json.ts";
import { parseRecordingLine } from "../../pipeline/core/recording.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { features } from "../../pipeline/features/registry.ts";
import { rowOfJson } from "../support/feature-json.ts";
import { expand, oracle, type OracleWindow } from "../support/oracle.ts";
import { shopRecording } from "../support/shop-recording.ts";

/*
 * Two days of a real shop, with disorder, duplicates, late and malformed messages, through the real graph on the real
 * engine, by the command that a user types. The oracle works the windows out from the messages alone. It doesn't prove
 * panes: a bounded run has only final ones.
 */
const MAIN = fileURLToPath(new URL("../../pipeline/main.ts", import.meta.url));
const run = promisify(execFile);
let dir = "";
let lines: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(localDir(process.env), "test-replay-"));
  lines = shopRecording(1).messages.map((message) => JSON.stringify(message));
  await writeFile(path.join(dir, "shop.ndjson"), `${lines.join("\n")}\n`);
  await run(process.execPath, [
    MAIN,
    "replay",
    path.join(dir, "shop.ndjson"),
    "--out",
    path.join(dir, "out"),
  ]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const readJson = async (name: string) =>
  JSON.parse(await readFile(path.join(dir, "out", name), "utf8")) as unknown;
const offline = async (plan: ViewPlan) =>
  (await readFile(path.join(dir, "out", "offline.ndjson"), "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as FeatureJson)
    .filter(({ view }) => view === plan.name);

/** What is decoded, in the order of publish, and how much is not. */
function decoded() {
  const decode = createDecoder(features.event("shop_event"));
  const results = lines.map((line, i) => decode(parseRecordingLine(line, i + 1)));
  const events = results.flatMap((result) => (isDeadLetter(result) ? [] : [result]));
  const reasons: Record<string, number> = {};
  for (const { reason } of results.filter(isDeadLetter)) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return { events, deadLetters: results.length - events.length, reasons };
}

describe("freshet replay of two days of a real shop", () => {
  it("counts every message and every event of every view in exactly one class", async () => {
    const { events, deadLetters, reasons } = decoded();
    const views = [...oracle(features.plans, events)].map(([name, { counts }]) => [name, counts]);
    expect(await readJson("summary.json")).toEqual({
      read: lines.length,
      dead_letter: deadLetters,
      dead_letters: reasons,
      decoded: events.length,
      views: Object.fromEntries(views) as unknown,
    });
    expect(deadLetters).toBeGreaterThan(0);
  });

  it.each(features.plans.map((plan) => [plan.name, plan] as const))(
    "has the oracle's values and seq for every key and window of %s",
    async (name, plan) => {
      const truth =
        oracle([plan], decoded().events).get(name)?.windows ??
        new Map<string, ReadonlyMap<number, OracleWindow>>();
      const rows = (await offline(plan)).map((json) => rowOfJson(plan, json));
      const stored = expand(plan, rows);
      expect([...stored.keys()].sort()).toEqual([...truth.keys()].sort());
      let windows = 0;
      for (const [key, expected] of truth) {
        expect(stored.get(key), key).toEqual(expected);
        windows += expected.size;
      }
      expect(windows).toBeGreaterThan(rows.length); // emit on change: rows stand for more windows than there are rows
    },
  );

  it("stamps rows with data, never with the moment: two days in 2010", async () => {
    const rows = await offline(features.plan("user_purchases"));
    for (const row of rows) expect(row.available_at.slice(0, 7)).toBe("2010-12");
  });
});
