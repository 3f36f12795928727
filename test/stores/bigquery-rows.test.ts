import { describe, expect, it } from "vitest";
import type { DeadLetter, PubsubMessage } from "../../pipeline/core/model.ts";
import { bigqueryLayout } from "../../pipeline/stores/bigquery-layout.ts";
import {
  completeThroughInsert,
  DEAD_LETTER_DATA_BYTES,
  deadLetterInsert,
  featureInsert,
  type InsertRow,
  lateInsert,
} from "../../pipeline/stores/bigquery-rows.ts";
import { countPlan, testEvent } from "../support/plans.ts";
import { testStoredRow } from "../support/stores.ts";

const fieldsOf = ({ json }: InsertRow) => JSON.parse(json) as Record<string, unknown>;
const plan = countPlan();
const row = testStoredRow(plan, { values: [1, 2] });
const message: PubsubMessage = {
  data: Buffer.from("{"),
  attributes: { event_id: "e1" },
  messageId: "m1",
  publishTimeMs: Date.UTC(2026, 0, 1),
  orderingKey: "",
};
const letter: DeadLetter = { reason: "malformed", detail: "no JSON", message };

describe("featureInsert", () => {
  it("names every column of the table", () => {
    expect(fieldsOf(featureInsert(plan, row))).toEqual({
      user_id: "u1",
      window_end: "2026-01-01T12:00:00.000Z",
      n_20: 1,
      n_60: 2,
      seq: 1,
      timing: "ON_TIME",
      max_event_time: "2026-01-01T11:59:58.000Z",
      max_publish_time: "2026-01-01T11:59:59.000Z",
      empty_from: "2026-01-01T12:00:00.060Z",
      available_at: "2026-01-01T12:00:00.500Z",
      generation: 0,
      origin: "stream",
    });
  });

  it("gives a replayed pane the same id, and another pane, key or generation another", () => {
    const id = (changes: Parameters<typeof testStoredRow>[1]) =>
      featureInsert(plan, { ...row, ...changes }).insertId;
    expect(id({ availableAtMs: row.availableAtMs + 99 })).toBe(id({}));
    const others = [
      { seq: 2 },
      { timing: "LATE" },
      { key: "u2" },
      { generation: 1 },
      { values: [1, 3] },
    ] as const;
    expect(new Set([id({}), ...others.map(id)]).size).toBe(others.length + 1);
  });

  it("has an id within BigQuery's 128 characters for a key of any length", () => {
    expect(featureInsert(plan, { ...row, key: "k".repeat(1024) }).insertId.length).toBeLessThanOrEqual(128);
  });

  it("writes infinities as text, since JSON would make them null", () => {
    const json = fieldsOf(featureInsert(plan, { ...row, values: [Infinity, -Infinity] }));
    expect([json["n_20"], json["n_60"]]).toEqual(["Infinity", "-Infinity"]);
  });
});

describe("deadLetterInsert", () => {
  it("keeps payload, attributes and reason", () => {
    expect(fieldsOf(deadLetterInsert("purchase", letter, 3))).toMatchObject({
      event: "purchase",
      reason: "malformed",
      data: Buffer.from("{").toString("base64"),
      attributes: '{"event_id":"e1"}',
      data_size: 1,
      truncated: false,
      generation: 3,
    });
  });

  it("cuts a large payload and says so", () => {
    const data = new Uint8Array(DEAD_LETTER_DATA_BYTES + 1).fill(7);
    const json = fieldsOf(deadLetterInsert("purchase", { ...letter, message: { ...message, data } }, 0));
    expect(Buffer.from(json["data"] as string, "base64")).toHaveLength(DEAD_LETTER_DATA_BYTES);
    expect(json).toMatchObject({ data_size: DEAD_LETTER_DATA_BYTES + 1, truncated: true });
  });
});

it("lateInsert keeps the event as JSON, and tells a view's copies apart", () => {
  const late = {
    view: "purchases",
    reason: "late",
    key: "u1",
    event: testEvent(Date.UTC(2026, 0, 1)),
  } as const;
  const insert = lateInsert(late, 0);
  expect(JSON.parse(fieldsOf(insert)["event"] as string)).toEqual(late.event.value);
  expect(lateInsert({ ...late, view: "other" }, 0).insertId).not.toBe(insert.insertId);
});

it("all rows fit their tables: every column is there, and no required one is null", () => {
  const layout = bigqueryLayout([plan], { project: "p", dataset: "d" }, 0);
  const late = { view: "purchases", reason: "late", key: "u1", event: testEvent(0) } as const;
  const rows: Record<string, InsertRow> = {
    purchases_v1: featureInsert(plan, row),
    late_events: lateInsert(late, 0),
    dead_letters: deadLetterInsert("purchase", letter, 0),
    complete_through: completeThroughInsert(plan, { completeThroughMs: 0, availableAtMs: 1 }, 0),
  };
  for (const [id, insert] of Object.entries(rows)) {
    const json = fieldsOf(insert);
    const fields = layout.tables.find((table) => table.id === id)?.fields ?? [];
    expect(Object.keys(json).sort(), id).toEqual(fields.map(({ name }) => name).sort());
    for (const { name, mode } of fields)
      if (mode === "REQUIRED") expect(json[name], `${id}.${name}`).not.toBeNull();
  }
});
