import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localDir } from "../../infra/local/install/context.ts";
import { replayedAvailableAt } from "../../pipeline/beam/file-sink.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { featureJson, type FeatureJson } from "../../pipeline/core/feature-json.ts";
import { parseRecordingLine } from "../../pipeline/core/recording.ts";
import { formatInstant } from "../../pipeline/core/instant.ts";
import { assign } from "../../pipeline/core/lateness.ts";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { features } from "../../pipeline/features/registry.ts";
import { freshet } from "../support/freshet.ts";
import { panesOf } from "../support/pane-reference.ts";
import { type RecordedMessage, shopRecording } from "../support/shop-recording.ts";

/*
 * A recording whose panes show as they would have live, by the command that a user types: one written by hand, the day
 * before, and the first morning of a real shop, played in one run. It proves the local engine only, and not how soon
 * early rows come: there is no clock in it.
 */
const MESSAGES = 160;
let dir = "";
let recording: RecordedMessage[] = [];
let panes: FeatureJson[] = [];
let final: FeatureJson[] = [];

/** A purchase of `u` at an instant of 30 November, published at another. */
function purchase(id: string, amount_usd: number, occurred: string, published: string): RecordedMessage {
  return {
    message_id: id,
    publish_time: `2010-11-30T${published}Z`,
    attributes: {},
    json: {
      event_id: id,
      event_type: "purchase",
      user_id: "u",
      item_id: "i",
      amount_usd,
      country: "DE",
      occurred_at: Date.parse(`2010-11-30T${occurred}Z`),
    },
  };
}

async function replay(name: string, ...options: string[]): Promise<FeatureJson[]> {
  const file = path.join(dir, "recording.ndjson");
  const out = path.join(dir, name);
  const said = await freshet(["replay", file, "--out", out, ...options], { HOME: process.env["HOME"] ?? "" });
  expect(said.code, said.err).toBe(0);
  const text = await readFile(path.join(out, "offline.ndjson"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as FeatureJson);
}

beforeAll(async () => {
  await mkdir(localDir(process.env), { recursive: true });
  dir = await mkdtemp(path.join(localDir(process.env), "test-panes-"));
  recording = [
    purchase("a", 1, "12:00:20", "12:00:21"),
    purchase("b", 2, "12:00:40", "12:00:41"),
    purchase("d", 8, "12:01:10", "12:01:11"),
    purchase("c", 4, "12:00:50", "12:01:30"),
    ...shopRecording(1).messages.slice(0, MESSAGES),
  ];
  await writeFile(
    path.join(dir, "recording.ndjson"),
    recording.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  panes = await replay("panes", "--panes");
  final = await replay("final");
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const keyOf = (row: FeatureJson) => JSON.stringify([row.view, row.entity, row.window_end]);
const content = ({ seq, features: values, empty_from }: FeatureJson) => ({ seq, values, empty_from });

describe("freshet replay --panes", () => {
  //       12:00                     12:01                     12:02     …    12:31            12:32
  //  event  a:20      b:40  c:50  )   d:10                  )
  //  publish a:21     b:41         )   d:11       c:30       )
  //  leaves EARLY 1  EARLY 2   ON_TIME 2  EARLY 3  LATE 3  ON_TIME 4         30 m later, what left them
  //                                                EARLY 4
  it("gives an early row an event, an on-time row of what was published before the end, and a late row", () => {
    const told = panes
      .filter(({ view, entity }) => view === "user_purchases" && entity["user_id"] === "u")
      .map(({ window_end, timing, seq, features: values, available_at }) =>
        [
          window_end.slice(11, 19),
          timing,
          `seq ${seq}`,
          `spend ${String(values["spend_30m"])} ${String(values["spend_1h"])}`,
          available_at.slice(11, 19),
        ].join(", "),
      );
    expect(told).toEqual([
      "12:01:00, EARLY, seq 1, spend 1 1, 12:00:22",
      "12:01:00, EARLY, seq 2, spend 3 3, 12:00:42",
      "12:01:00, ON_TIME, seq 2, spend 3 3, 12:01:01",
      "12:01:00, LATE, seq 3, spend 7 7, 12:01:31",
      "12:02:00, EARLY, seq 3, spend 11 11, 12:01:12",
      "12:02:00, EARLY, seq 4, spend 15 15, 12:01:31",
      "12:02:00, ON_TIME, seq 4, spend 15 15, 12:02:01",
      "12:31:00, ON_TIME, seq 4, spend 8 15, 12:31:01",
      "12:32:00, ON_TIME, seq 4, spend 0 15, 12:32:01",
      "13:01:00, ON_TIME, seq 1, spend 0 8, 13:01:01",
    ]);
  });

  it.each(features.plans.map((plan) => [plan.name, plan] as const))(
    "adds nothing to the rule and leaves nothing out: all panes of %s",
    (name, plan) => {
      const expected = panesOf(plan, decoded()).map((row) =>
        featureJson(plan, {
          ...row,
          availableAtMs: replayedAvailableAt(plan, row),
          generation: 0,
          origin: "backfill",
        }),
      );
      const got = panes.filter(({ view }) => view === name);
      expect(byWindow(got)).toEqual(byWindow(expected));
      expect(new Set(got.map(({ timing }) => timing))).toEqual(new Set(["EARLY", "ON_TIME", "LATE"]));
    },
  );

  it("ends with the rows of a bounded replay", () => {
    const last = new Map<string, FeatureJson>();
    for (const row of panes) if (row.seq >= (last.get(keyOf(row))?.seq ?? 0)) last.set(keyOf(row), row);
    expect(new Map([...last].map(([key, row]) => [key, content(row)]))).toEqual(
      new Map(final.map((row) => [keyOf(row), content(row)])),
    );
  });

  it("never says more early than at last", () => {
    const lastSeq = new Map(final.map((row) => [keyOf(row), row.seq]));
    for (const row of panes.filter(({ timing }) => timing === "EARLY"))
      expect(row.seq, keyOf(row)).toBeLessThanOrEqual(lastSeq.get(keyOf(row)) ?? 0);
  });

  it.each(features.plans.map((plan) => [plan.name, plan] as const))(
    "gives an event an early row for each open window of %s that it changes and whose newest slice holds something",
    (name, plan) => {
      const expected = new Map<string, number>();
      for (const { key, endMs } of earlyByHand(plan)) {
        const id = `${key} ${formatInstant(endMs)}`;
        expected.set(id, (expected.get(id) ?? 0) + 1);
      }
      // An event that comes after a window's end may find a shard that had nothing to fire there, and be told early too.
      const early = panes.filter(
        (row) =>
          row.view === name &&
          row.timing === "EARLY" &&
          Date.parse(row.available_at) - plan.latencyMs < Date.parse(row.window_end),
      );
      const counted = Map.groupBy(early, (row) => `${row.entity[plan.keyField] ?? ""} ${row.window_end}`);
      expect(new Map([...counted].map(([id, rows]) => [id, rows.length]))).toEqual(expected);
    },
  );
});

/** For each event the open windows of which an early row tells, worked out without state. */
function earlyByHand(plan: ViewPlan): { key: string; endMs: number }[] {
  const told: { key: string; endMs: number }[] = [];
  const slicesOf = new Map<string, Set<number>>();
  const seen = new Set<string>();
  for (const event of decoded()) {
    const assigned = assign(plan, event);
    if (assigned.outcome !== "candidate" || seen.has(event.eventId)) continue;
    seen.add(event.eventId);
    const { key } = assigned;
    const slice = Math.floor(event.eventTimeMs / plan.slideMs) * plan.slideMs;
    const slices = slicesOf.get(key) ?? new Set();
    slicesOf.set(key, slices.add(slice));
    for (const newest of slices) {
      const endMs = newest + plan.slideMs;
      if (newest >= slice && newest < slice + plan.longestMs && endMs > event.publishTimeMs)
        told.push({ key, endMs });
    }
  }
  return told;
}

function decoded(): DecodedEvent[] {
  const decode = createDecoder(features.event("shop_event"));
  return recording
    .map((line, i) => decode(parseRecordingLine(JSON.stringify(line), i + 1)))
    .flatMap((result) => (isDeadLetter(result) ? [] : [result]));
}

/** Rows by key and window, each list in the order in which they left. */
function byWindow(rows: readonly FeatureJson[]): Map<string, FeatureJson[]> {
  return Map.groupBy(rows, keyOf);
}
