import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import {
  arbitraryEvents,
  arbitraryFaults,
  arbitraryRetries,
  arbitrarySteps,
  type Step,
} from "../support/histories.ts";
import { expand, viewOracle, type OracleWindows } from "../support/oracle.ts";
import { testPlan } from "../support/plans.ts";
import { ShardRunner } from "../support/shard-runner.ts";

/** With the least, events come after their windows were collected; with the other, after they have fired. */
const slack = fc.constantFrom(30, 130);
const RUNS = { seed: 4, numRuns: 500 };

/** What a shard's rows say at the end must equal the slow way over the events that it took. */
function expectOracle(runner: ShardRunner, plan: ViewPlan): void {
  const { read, closed, counts } = runner.state;
  const taken = read.filter(({ messageId }) => !closed.has(messageId));
  const expected = viewOracle(plan, taken);
  expect(counts).toEqual({ applied: expected.counts.applied, duplicate: expected.counts.duplicate });
  expect(expand(plan, runner.rows)).toEqual(expected.windows);
}

/** Windows up to an end: the ones that can be judged while the shard still runs. */
function upTo(endMs: number, windows: OracleWindows): OracleWindows {
  const kept = [...windows].map(
    ([key, ofKey]) => [key, new Map([...ofKey].filter(([end]) => end <= endMs))] as const,
  );
  return new Map(kept.filter(([, ofKey]) => ofKey.size > 0));
}

describe("a shard, whatever happens", () => {
  // Timers fire at any time, also long before all events of their window were published: LATE rows and closed
  // windows abound.
  test("equals the oracle when ends fire at any moment", () => {
    fc.assert(
      fc.property(arbitraryEvents, arbitrarySteps, slack, (events, steps, slackMs) => {
        const plan = testPlan({ slackMs });
        const runner = new ShardRunner(plan);
        let next = 0;
        for (const step of steps) {
          if (step.kind === "read") runner.bundle(events.slice(next, (next += step.events)));
          else if (step.kind === "fire") for (let i = 0; i < step.ends && runner.fire(Infinity); i++);
          else if (step.kind !== "checkpoint" && step.kind !== "crash") workerStep(runner, step.kind);

          const { read, closed, firedMs } = runner.state;
          const taken = read.filter(({ messageId }) => !closed.has(messageId));
          const rows = runner.rows.filter((row) => row.windowEndMs <= firedMs);
          expect(upTo(firedMs, expand(plan, rows))).toEqual(upTo(firedMs, viewOracle(plan, taken).windows));
        }
        runner.bundle(events.slice(next));
        runner.finish();
        expectOracle(runner, plan);
      }),
      RUNS,
    );
  });

  // The watermark stays behind every unread event's publish time, as the source promises: then no window is ever
  // closed, and nothing that a crash repeats, in whatever order, changes what the store ends with.
  test("equals the oracle after any crashes, with the rows of lost work in the store", () => {
    fc.assert(
      fc.property(arbitraryRetries, arbitraryFaults, fc.infiniteStream(fc.nat()), (events, steps, draws) => {
        const plan = testPlan();
        const runner = new ShardRunner(plan);
        runWithFaults(runner, events, steps, () => draws.next().value as number);
        runner.finish();
        expect([...runner.state.closed]).toEqual([]);
        expectOracle(runner, plan);
      }),
      RUNS,
    );
  });
});

function runWithFaults(
  runner: ShardRunner,
  events: readonly DecodedEvent[],
  steps: readonly Step[],
  draw: () => number,
): void {
  let checkpoint = runner.state;
  let unread = [...events];
  const watermark = () => Math.min(...unread.map(({ publishTimeMs }) => publishTimeMs));
  for (const step of steps) {
    if (step.kind === "read") runner.bundle(unread.splice(0, step.events));
    else if (step.kind === "fire") for (let i = 0; i < step.ends && runner.fire(watermark()); i++);
    else if (step.kind === "checkpoint") checkpoint = runner.state;
    else if (step.kind === "crash") {
      runner.crash(checkpoint);
      unread = events.filter((event) => !checkpoint.read.includes(event));
      // Redelivered in another order, a copy perhaps before the one that came first.
      unread = shuffled(unread, draw);
    } else workerStep(runner, step.kind);
  }
  runner.bundle(unread);
}

function workerStep(
  runner: ShardRunner,
  kind: Exclude<Step["kind"], "read" | "fire" | "checkpoint" | "crash">,
): void {
  runner[kind]();
}

function shuffled<T>(items: readonly T[], draw: () => number): T[] {
  return items
    .map((item) => ({ item, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
