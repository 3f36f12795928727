import { expect, it } from "vitest";
import { answer, paneAt } from "../../../pipeline/core/answer.ts";
import { judgeServed, type LoggedVector } from "../../../pipeline/core/audit/served.ts";
import type { CompleteThrough } from "../../../pipeline/core/complete-through.ts";
import { featureVector } from "../../../pipeline/core/feature-vector.ts";
import type { StoredRow } from "../../../pipeline/core/model.ts";
import { formatInstant } from "../../../pipeline/core/instant.ts";
import { fraud } from "../../../pipeline/features/fraud.ts";
import { features } from "../../../pipeline/features/registry.ts";
import { testStoredRow } from "../../support/stores.ts";

const E = Date.UTC(2026, 2, 1, 12);
const T = E + 20_000;
const GRACE_MS = 60_000;
const view = features.plan("user_purchases");

/** A pane of the window that ends at `E` + a minute, readable from an instant on. */
const pane = (seq: number, availableAtMs: number) =>
  testStoredRow(view, {
    windowEndMs: E + 60_000,
    seq,
    availableAtMs,
    timing: "EARLY",
    values: view.columns.map(({ type }) => (type === "INT64" || type === "FLOAT64" ? seq : null)),
  });

/** What a server serves at `T` that reads the newest of some rows, and knows a heartbeat. */
function served(rows: readonly StoredRow[], throughMs?: number): LoggedVector {
  const request = { amount_usd: 5 };
  const newest = answer(view, paneAt(view, rows, Infinity), T, throughMs);
  const vector = featureVector(fraud.plan, [newest], request, T);
  if (vector.fault !== undefined) expect.unreachable();
  return {
    features: Object.fromEntries(
      vector.features.map(({ name, value, status, seq, stale, asOfMs }) => [
        name,
        { value, status, stale, seq: seq ?? null, as_of: asOfMs == null ? null : formatInstant(asOfMs) },
      ]),
    ),
    request,
    tMs: T,
  };
}
const judged = (logged: LoggedVector, rows: readonly StoredRow[], marks: readonly CompleteThrough[] = []) =>
  judgeServed(fraud.plan, logged, { rows: () => rows, marks: () => marks }, GRACE_MS);
const same = { outcome: "same", leadMs: 0, behindMs: 0 };

//   T-5 s     T            T+400 ms                  T+61 s
//   seq 1 ────┼── seq 2 ─────────────────────────────  seq 3
const rows = [pane(1, T - 5_000), pane(2, T + 400), pane(3, T + GRACE_MS + 1)];

it("finds a vector the same that the rule gives, of a pane or of none", () => {
  expect(judged(served(rows.slice(0, 1)), rows)).toEqual(same);
  expect(judged(served([]), [])).toEqual(same);
});

it("tells by how much a pane was served before its available_at, which is an upper bound", () => {
  expect(judged(served(rows.slice(0, 2)), rows)).toEqual({ ...same, outcome: "ahead", leadMs: 400 });
});

it("tells a vector of a pane that was not there: older, or much newer", () => {
  expect(judged(served([]), rows).outcome).toBe("differs");
  expect(judged(served(rows), rows).outcome).toBe("differs");
});

it("names the feature that is something else, stored or computed on demand", () => {
  for (const name of ["spend_1h", "above_max"]) {
    const logged = served(rows.slice(0, 1));
    const was = logged.features[name] ?? expect.unreachable();
    const changed = { ...logged, features: { ...logged.features, [name]: { ...was, value: "else" } } };
    expect(judged(changed, rows)).toEqual({ outcome: "differs", features: [name] });
  }
});

//  complete through   E−90 s   E−60 s   E−50 s   E−10 s              E
//  readable from      T−70 s   T−30 s   T−15 s   T−2 s       T       T+70 s
const marks = [
  { completeThroughMs: E - 60_000, availableAtMs: T - 30_000 },
  { completeThroughMs: E - 90_000, availableAtMs: T - 70_000 },
  { completeThroughMs: E, availableAtMs: T + GRACE_MS + 10_000 },
  { completeThroughMs: E - 10_000, availableAtMs: T - 2_000 },
  { completeThroughMs: E - 50_000, availableAtMs: T - 15_000 },
];

it("holds as_of and stale to a heartbeat that was readable, and tells how far it was behind the newest", () => {
  expect(judged(served([], E - 10_000), [], marks)).toEqual(same);
  expect(judged(served([], E - 60_000), [], marks)).toEqual({ ...same, behindMs: 15_000 });
  expect(judged(served([], undefined), [], marks)).toEqual({ ...same, behindMs: 70_000 });
});

it("tells of an as_of or a stale of no heartbeat there was, or of one that was not readable yet", () => {
  for (const throughMs of [E - 11_000, E]) {
    const verdict = judged(served([], throughMs), [], marks);
    expect(verdict).toMatchObject({ outcome: "differs" });
  }
  const logged = served([], E - 10_000);
  const changed = (name: string, change: object) => {
    const was = logged.features[name] ?? expect.unreachable();
    return judged({ ...logged, features: { ...logged.features, [name]: { ...was, ...change } } }, [], marks);
  };
  expect(changed("spend_1h", { stale: true })).toEqual({ outcome: "differs", features: ["spend_1h"] });
  expect(changed("above_max", { as_of: null })).toEqual({ outcome: "differs", features: ["above_max"] });
});
