import { expect, it } from "vitest";
import { answer, paneAt } from "../../../pipeline/core/answer.ts";
import { judgeServed, type LoggedVector } from "../../../pipeline/core/audit/served.ts";
import { featureVector } from "../../../pipeline/core/feature-vector.ts";
import type { StoredRow } from "../../../pipeline/core/model.ts";
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

/** What a server serves at `T` that reads the newest of some rows. */
function served(rows: readonly StoredRow[], tMs = T): LoggedVector {
  const request = { amount_usd: 5 };
  const newest = answer(view, paneAt(view, rows, Infinity), tMs, undefined);
  const vector = featureVector(fraud.plan, [newest], request, tMs);
  if (vector.fault !== undefined) expect.unreachable();
  return {
    features: Object.fromEntries(
      vector.features.map(({ name, value, status, seq }) => [name, { value, status, seq: seq ?? null }]),
    ),
    request,
    tMs,
  };
}
const judged = (logged: LoggedVector, rows: readonly StoredRow[]) =>
  judgeServed(fraud.plan, logged, () => rows, GRACE_MS);

//   T-5 s     T            T+400 ms                  T+61 s
//   seq 1 ────┼── seq 2 ─────────────────────────────  seq 3
const rows = [pane(1, T - 5_000), pane(2, T + 400), pane(3, T + GRACE_MS + 1)];

it("finds a vector the same that the rule gives, of a pane or of none", () => {
  expect(judged(served(rows.slice(0, 1)), rows)).toEqual({ outcome: "same" });
  expect(judged(served([]), [])).toEqual({ outcome: "same" });
});

it("tells by how much a pane was served before its available_at, which is an upper bound", () => {
  expect(judged(served(rows.slice(0, 2)), rows)).toEqual({ outcome: "ahead", leadMs: 400 });
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
