import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as pb from "apache-beam/proto/beam_runner_api";
import { FixedWindowsPayload } from "apache-beam/proto/standard_window_fns";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Graph } from "../../pipeline/beam/beam.ts";
import { registerHeartbeat } from "../../pipeline/beam/heartbeat.ts";
import { ELEMENT_BY_ELEMENT, PacedStream, registerPace } from "../../pipeline/beam/pace.ts";
import type { Windowing } from "../../pipeline/beam/windowing.ts";
import { defineRegistry } from "../../pipeline/define/index.ts";
import {
  bytesCoder,
  type Coder,
  intervalWindowCoder,
  jsonCoder,
  kvCoder,
  utf8Coder,
} from "../../pipeline/harness/coders.ts";
import type { CombineFn, DoFn } from "../../pipeline/harness/dofn.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { combineFn, doFn } from "../support/engine-graph.ts";
import { testEngine } from "../support/test-engine.ts";

/*
 * Beam's own trigger transcripts, as its Python SDK publishes them, through a graph of ours: windows, triggers and
 * accumulation by the runner, assignment, partial sums and panes by our worker. An input's value is its timestamp in
 * seconds. It shows that the engine and we mean the same by Beam's words; what they mean for our views is in
 * `transcripts.test.ts`.
 */

/** What is expected of a pane; what isn't named isn't asked. */
interface Pane {
  /** Start, and the last second. */
  readonly window?: readonly [number, number];
  readonly values?: readonly number[];
  readonly timestamp?: number;
  readonly index?: number;
  readonly nonspeculative_index?: number;
  readonly early?: boolean;
  readonly late?: boolean;
  readonly final?: boolean;
}
interface Spec {
  readonly name: string;
  readonly window_fn: string;
  readonly trigger_fn?: string;
  readonly timestamp_combiner?: string;
  readonly allowed_lateness?: number;
  /** What a reader has to say against the transcript itself. */
  readonly error?: string;
  readonly transcript: readonly {
    readonly input?: readonly number[];
    readonly watermark?: number;
    readonly expect?: readonly Pane[];
  }[];
}

/** Why some are not ours. Everything else in the file must pass. */
const SKIPPED: Readonly<Record<string, string>> = {
  timestamp_combiner_custom_timestamping_eow: "a window function written in Python",
  timestamp_combiner_custom_timestamping_earliest: "a window function written in Python",
  early_late_sessions: "sessions merge windows; those of a view never do",
  discarding_early_fixed: "discarding panes; ours accumulate",
  garbage_collection: "asks for what a runner keeps; a trigger that ends after one pane isn't ours either",
  bad_output: "its window function is misspelt: it is about Python's own reader",
};

const TRIGGERS: Readonly<Record<string, pb.Trigger>> = {
  Default: pb.Trigger.create({ trigger: { oneofKind: "default", default: {} } }),
  "AfterWatermark(early=AfterCount(3), late=AfterCount(1))": pb.Trigger.create({
    trigger: {
      oneofKind: "afterEndOfWindow",
      afterEndOfWindow: { earlyFirings: afterCount(3), lateFirings: afterCount(1) },
    },
  }),
};
const OUTPUT_TIMES: Readonly<Record<string, pb.OutputTime_Enum>> = {
  OUTPUT_AT_EOW: pb.OutputTime_Enum.END_OF_WINDOW,
  OUTPUT_AT_EARLIEST: pb.OutputTime_Enum.EARLIEST_IN_PANE,
  OUTPUT_AT_LATEST: pb.OutputTime_Enum.LATEST_IN_PANE,
};

function afterCount(elementCount: number): pb.Trigger {
  return pb.Trigger.create({ trigger: { oneofKind: "elementCount", elementCount: { elementCount } } });
}

function windowingOf({ window_fn, trigger_fn = "Default", ...spec }: Spec): Windowing {
  const seconds = /^FixedWindows\((\d+)\)$/.exec(window_fn)?.[1];
  const trigger = TRIGGERS[trigger_fn];
  if (seconds === undefined || !trigger) throw new Error(`can't express ${window_fn} with ${trigger_fn}`);
  const payload = FixedWindowsPayload.toBinary({ size: { seconds: BigInt(seconds), nanos: 0 } });
  const strategy = pb.WindowingStrategy.create({
    windowFn: { urn: "beam:window_fn:fixed_windows:v1", payload },
    mergeStatus: pb.MergeStatus_Enum.NON_MERGING,
    trigger,
    accumulationMode: pb.AccumulationMode_Enum.ACCUMULATING,
    outputTime: OUTPUT_TIMES[spec.timestamp_combiner ?? "OUTPUT_AT_EOW"] as pb.OutputTime_Enum,
    closingBehavior: pb.ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
    onTimeBehavior: pb.OnTimeBehavior_Enum.FIRE_IF_NONEMPTY,
    allowedLateness: BigInt((spec.allowed_lateness ?? 0) * SECOND_MS),
    assignsToOneWindow: true,
  });
  return { windowCoder: intervalWindowCoder, strategy };
}

const SECOND_MS = 1_000;
const numbers = kvCoder(utf8Coder, jsonCoder as Coder<number>);
const lists = jsonCoder as Coder<number[]>;
const read = doFn((): DoFn<Uint8Array, KV<string, number>> => ({
  process: (bytes, context) => context.emit({ key: "k", value: Number(new TextDecoder().decode(bytes)) }),
}));
const concat = combineFn((): CombineFn<number, number[], number[]> => ({
  zero: () => [],
  add: (list, n) => [...list, n],
  merge: (list, other) => [...list, ...other],
  output: (list) => list,
}));

/** Plays a transcript in a graph. @returns its panes, which come as the graph runs */
function build(graph: Graph, spec: Spec, name: string): readonly Pane[] {
  const stream = new PacedStream();
  for (const { input = [], watermark } of spec.transcript) {
    for (const n of input) stream.element(new TextEncoder().encode(String(n)), n * SECOND_MS);
    if (watermark !== undefined) stream.settleAt(watermark * SECOND_MS);
  }
  const panes: Pane[] = [];
  const tell = doFn((): DoFn<KV<string, number[]>> => ({
    process({ value }, { window, timestamp, pane }) {
      panes.push({
        window: [window.start, window.maxTimestamp].map(inSeconds) as [number, number],
        values: value.toSorted((a, b) => a - b),
        timestamp: inSeconds(timestamp),
        index: pane.index,
        nonspeculative_index: pane.onTimeIndex,
        early: pane.timing === "EARLY",
        late: pane.timing === "LATE",
        final: pane.isLast,
      });
    },
  }));
  const inputs = graph.parDo(stream.read(graph, `${name}/inputs`), `${name}/read`, {
    doFn: read,
    output: numbers,
  });
  const combined = graph.combinePerKey<string, number, number[], number[]>(
    graph.windowInto(inputs, `${name}/windows`, windowingOf(spec)),
    `${name}/combine`,
    { combineFn: concat, key: utf8Coder, accumulator: lists, output: lists },
  );
  const told = graph.parDo(combined, `${name}/tell`, { doFn: tell, output: bytesCoder });
  stream.watch(graph, [graph.windowGlobally(told, `${name}/global`)], `${name}/watch`);
  return panes;
}

const inSeconds = (ms: number) => Math.floor(ms / SECOND_MS);

/** What of a transcript doesn't match: each expectation takes the panes that come next, in any order. */
function differences(spec: Spec, panes: readonly Pane[]): string[] {
  const left = [...panes];
  const problems: string[] = [];
  for (const { expect: expected = [] } of spec.transcript) {
    const next = left.splice(0, expected.length);
    for (const pane of expected) {
      const match = next.findIndex((candidate) => isSaidOf(pane, candidate));
      if (match < 0)
        problems.push(`Unmatched output: ${JSON.stringify(pane)} not among ${JSON.stringify(next)}`);
      else next.splice(match, 1);
    }
  }
  return [...problems, ...left.map((pane) => `Unexpected output: ${JSON.stringify(pane)}`)];
}

/** Whether all that is expected holds: what isn't named isn't asked. */
function isSaidOf(expected: Pane, actual: Pane): boolean {
  return Object.entries(expected).every(([field, value]) =>
    isDeepStrictEqual(value, actual[field as keyof Pane]),
  );
}

const file = new URL("../data/trigger_transcripts.yaml", import.meta.url);
const specs = parseAllDocuments(readFileSync(file, "utf8")).map((document) => document.toJS() as Spec);
const ours = specs.filter(({ name }) => SKIPPED[name] === undefined);
const setup = testEngine();
const played = new Map<Spec, readonly Pane[]>();

beforeAll(async () => {
  registerPace();
  registerHeartbeat(defineRegistry([]));
  await setup.engine.run((graph) => {
    for (const [i, spec] of ours.entries()) played.set(spec, build(graph, spec, `${i} ${spec.name}`));
  }, ELEMENT_BY_ELEMENT);
});

describe("Beam's own transcripts", () => {
  it.each(ours.filter(({ error }) => error === undefined).map((spec) => [spec.name, spec] as const))(
    "%s",
    (_name, spec) => {
      expect(differences(spec, played.get(spec) ?? [])).toEqual([]);
    },
  );

  // Those that a reader must refuse: what came is not what they say.
  it.each(ours.filter(({ error }) => error !== undefined).map((spec) => [spec.name, spec] as const))(
    "%s is seen to be wrong",
    (_name, spec) => {
      expect(differences(spec, played.get(spec) ?? []).join("\n")).toContain(spec.error);
    },
  );

  it("are all played, or left out for a reason", () => {
    const names = new Set(specs.map(({ name }) => name));
    expect([...names].sort()).toEqual(
      [...new Set([...ours.map(({ name }) => name), ...Object.keys(SKIPPED)])].sort(),
    );
    expect(ours.filter(({ error }) => error === undefined).length).toBeGreaterThanOrEqual(7);
  });
});
