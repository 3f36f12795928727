import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ELEMENT_BY_ELEMENT } from "../../pipeline/beam/pace.ts";
import { registerTransforms } from "../../pipeline/beam/register.ts";
import { stageOf } from "../../pipeline/beam/view-ref.ts";
import { balances, messageCounts } from "../../pipeline/core/conservation.ts";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { Registry } from "../../pipeline/define/index.ts";
import { metricsSnapshot } from "../../pipeline/harness/metrics.ts";
import { valuesOf } from "../support/engine-graph.ts";
import { arbitraryHistory, millisecondSetting } from "../support/history/history.ts";
import { HistoryStream, type PlayedView } from "../support/history/played.ts";
import { historyEvent, minute, steps } from "../support/history/views.ts";
import { expand, viewOracle } from "../support/oracle.ts";
import { testEngine } from "../support/test-engine.ts";

/*
 * Generated histories through the real engine and worker, by both strategies, against the oracle: half of them read in
 * disorder while the watermark waits, half with a watermark that runs ahead of what is still to come. It proves nothing
 * of crashes, which `test/core/histories.test.ts` has in memory and `main-job.test.ts` on the engine. More of them:
 * `ENGINE_HISTORIES=200 HISTORY_SEED=7` before the command.
 */
const HISTORIES = Number(process.env["ENGINE_HISTORIES"] ?? 20);
const SEED = Number(process.env["HISTORY_SEED"] ?? 1);

/** As many messages as bundles: enough for disorder, and for copies. */
const MAX_MESSAGES = 12;
const views = [minute, steps];

const histories = Array.from({ length: HISTORIES }, (_, i) => {
  const setting = { ...millisecondSetting, prefix: `history ${String(i)} ` };
  const [history] = fc.sample(arbitraryHistory(setting, MAX_MESSAGES), { seed: SEED + i, numRuns: 1 });
  if (history === undefined) throw new Error("no history was drawn");
  return history;
});
const half = HISTORIES / 2;
const leastSlackMs = Math.min(...views.map(({ slackMs }) => slackMs));
const streams = [
  new HistoryStream("honest", histories.slice(0, half), views, leastSlackMs),
  new HistoryStream("hasty", histories.slice(half), views, leastSlackMs),
];
const plans = streams.flatMap((stream) => stream.plans);
const registry: Registry = {
  views: [],
  plans,
  events: [],
  plan: (name) => plans.find((plan) => plan.name === name) as ViewPlan,
  event: (name) => ({ ...historyEvent, name }),
};
/** Each stream is an event of its own. */
const counts = ({ pace, plans }: HistoryStream) => {
  const { counters } = metricsSnapshot();
  const total = (name: string) =>
    counters.filter((each) => each.name === name).reduce((sum, each) => sum + each.total, 0);
  return messageCounts(
    total,
    pace,
    plans.map((plan) => ({ name: plan.name, stage: stageOf(plan) })),
  );
};

const setup = testEngine();
beforeAll(async () => {
  registerTransforms(registry);
  await setup.engine.run((graph) => {
    for (const stream of streams) stream.build(graph);
  }, ELEMENT_BY_ELEMENT);
});

describe.each(streams.map((stream) => [stream.pace, stream] as const))("%s histories", (_pace, stream) => {
  const results = stream.read.map(createDecoder(historyEvent));
  const events = results.flatMap((result) => (isDeadLetter(result) ? [] : [result]));
  const names = stream.plans.map(({ name }) => name);
  const played = (name: string) => stream.views.find(({ plan }) => plan.name === name) as PlayedView;

  it.each(names)("equal the oracle in each window of %s", (name) => {
    const { plan, rows } = played(name);
    const truth = viewOracle(plan, events).windows;
    expect(truth.size).toBeGreaterThan(half / 2);
    expect(Object.fromEntries(expand(plan, valuesOf(rows)))).toEqual(Object.fromEntries(truth));
  });

  it.each(names)("went one way each in %s", (name) => {
    const { plan, late } = played(name);
    const expected = viewOracle(plan, events).counts;
    expect(counts(stream).views[name]).toEqual(expected);
    const told = plan.latePolicy === "drop" ? 0 : expected.late + expected.window_closed;
    expect(late.length).toBe(told);
  });
});

it("balance, each stream by itself, and say all that rows can say", () => {
  for (const stream of streams) {
    const told = counts(stream);
    expect(balances(told).filter(({ difference }) => difference !== 0)).toEqual([]);
    expect(told.read).toBe(stream.read.length);
  }
  const rows = streams.flatMap(({ views }) => views.flatMap((view) => valuesOf(view.rows)));
  const timings = Map.groupBy(rows, ({ timing }) => timing);
  for (const timing of ["EARLY", "ON_TIME", "LATE"] as const)
    expect(timings.get(timing)?.length, timing).toBeGreaterThan(5 * half);
});
