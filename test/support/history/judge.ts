import { isDeadLetter } from "../../../pipeline/core/decode.ts";
import type { DecodedEvent } from "../../../pipeline/core/model.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { expand, viewOracle } from "../oracle.ts";
import { answerFaults, type Asked } from "./answers.ts";
import { isSame, named, type Fault } from "./faults.ts";
import type { History } from "./history.ts";
import type { Mutant } from "./mutants.ts";
import { runHistory, type Moment, type Run } from "./run.ts";
import type { ViewRun } from "./view-run.ts";

/** A run and all that was wrong with it. */
export interface Judgement {
  readonly run: Run;
  readonly faults: readonly Fault[];
  readonly asked: Asked;
}

/** Runs a history and holds it against the oracle: each row, the end, the counts, and answers at instants. */
export function judge(history: History, plans: readonly ViewPlan[], mutant: Mutant = {}): Judgement {
  const run = runHistory(history, plans, mutant);
  const faults = [...run.faults];
  let [exact, present] = [0, 0];
  const events = run.read.flatMap((result) => (isDeadLetter(result) ? [] : [result]));
  for (const { view, moments } of run.views) {
    faults.push(...endFaults(view, events, run.read.length), ...seqFaults(view));
    for (const tMs of instantsOf(history, view, moments)) {
      const told = answerFaults(view, moments, tMs, mutant.pane);
      faults.push(...told.faults);
      exact += told.asked.exact;
      present += told.asked.present;
    }
  }
  return { run, faults, asked: { exact, present } };
}

/** The instants that a history asks at, beside those at which a view's answers change. */
export function instantsOf(history: History, { rows }: ViewRun, moments: readonly Moment[]): number[] {
  const changes = [
    ...moments.map(({ clockMs }) => clockMs),
    ...rows.flatMap(({ windowEndMs, emptyFromMs }) => [windowEndMs, emptyFromMs]),
  ];
  return history.instants.map(({ of, besideMs }) => (changes[of % changes.length] as number) + besideMs);
}

/** What the view's windows hold, and where its messages went, when all is over. */
function endFaults(run: ViewRun, events: readonly DecodedEvent[], read: number): Fault[] {
  const { plan, rows, state } = run;
  const faults: Fault[] = [];
  const view = plan.name;
  // Of copies the one counts that came first to the windows: not to the letter as they were read, since the events of a
  // slice come together.
  const counted = new Set([...state.applied.values()].flatMap((ofKey) => ofKey.map((e) => e.messageId)));
  const taken = events.filter(({ messageId }) => !state.closed.includes(messageId));
  const [first = [], then = []] = [true, false].map((is) =>
    taken.filter((e) => counted.has(e.messageId) === is),
  );
  const truth = viewOracle(plan, [...first, ...then]);
  const stored = expand(plan, rows);
  for (const key of new Set([...truth.windows.keys(), ...stored.keys()])) {
    const [should, is] = [truth.windows.get(key), stored.get(key)];
    for (const endMs of new Set([...(should?.keys() ?? []), ...(is?.keys() ?? [])])) {
      const [expected, got] = [should?.get(endMs), is?.get(endMs)].map(
        (window) => window && { seq: window.seq, ...named(plan, window.values) },
      );
      const rule = "in the end each window holds its events";
      if (!isSame(expected, got) && !run.isUnsettled(key, endMs))
        faults.push({ rule, view, key, endMs, expected, got });
    }
  }
  const { applied, filtered, duplicate } = truth.counts;
  const late = truth.counts.late + truth.counts.window_closed; // by their own times; `closed` were by their slice's
  const dead = read - events.length;
  const expected = { dead, filtered, late, closed: state.closed.length, duplicate, applied };
  if (!isSame(expected, state.counts))
    faults.push({ rule: "each message went one way", view, expected, got: state.counts });
  const total = Object.values(state.counts).reduce((a, b) => a + b, 0);
  if (total !== read) faults.push({ rule: "no message is lost", view, expected: read, got: total });
  for (const [key, ofKey] of state.applied) {
    const ids = ofKey.map(({ eventId }) => eventId);
    const twice = ids.filter((id, i) => ids.indexOf(id) < i);
    const rule = "an event counts once, however often it was published";
    if (twice.length > 0) faults.push({ rule, view, key, expected: [], got: twice });
  }
  const waiting = [...state.shards.values()].filter(
    ({ armedMs, earlyArmed }) => armedMs !== undefined || earlyArmed,
  ).length;
  if (waiting > 0) faults.push({ rule: "nothing waits for ever", view, expected: 0, got: waiting });
  return faults;
}

/** However often work was lost: of one (key, window) all panes with all events say the same, byte for byte. */
function seqFaults(run: ViewRun): Fault[] {
  const { plan, rows } = run;
  const faults: Fault[] = [];
  for (const panes of Map.groupBy(rows, (row) => `${String(row.windowEndMs)} ${row.key}`).values()) {
    const most = Math.max(...panes.map(({ seq }) => seq));
    const full = panes.filter(({ seq }) => seq === most);
    for (const { key, windowEndMs: endMs, values } of full) {
      const rule = "panes with all events say the same";
      const expected = full[0]?.values;
      if (!isSame(expected, values) && !run.isUnsettled(key, endMs))
        faults.push({ rule, view: plan.name, key, endMs, expected, got: values });
    }
  }
  return faults;
}
