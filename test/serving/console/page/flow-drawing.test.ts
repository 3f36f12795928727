import { describe, expect, it } from "vitest";
import type { FlowJson, FlowViewJson } from "../../../../pipeline/serving/console/contract.ts";
import {
  type FlowDrawing,
  narrowDrawing,
  wideDrawing,
} from "../../../../pipeline/serving/console/page/flow-drawing.ts";

const view = (name: string, changes: Partial<FlowViewJson> = {}): FlowViewJson => ({
  view: name,
  filtered: 60,
  late: 5,
  dropped: null,
  to_windows: 30,
  applied: 27,
  duplicate: 2,
  window_closed: 1,
  panes: 40,
  rows_online: 39,
  rows_offline: 38,
  ...changes,
});
const flow: FlowJson = {
  kind: "attempted",
  event: "shop_event",
  from: "2026-03-01T12:00:00Z",
  before: null,
  read: 100,
  decoded: 95,
  dead_letters: 5,
  reasons: {},
  views: [view("a"), view("b"), view("c")],
  balances: [],
};

describe.each([
  ["wide", wideDrawing],
  ["narrow", narrowDrawing],
])("the %s drawing", (_name, draw) => {
  const drawing = draw(flow);
  const countOf = (id: string, { edges }: FlowDrawing = drawing) =>
    edges.find((edge) => edge.id === id)?.count;

  it("gives every message a way out, with its count", () => {
    expect(countOf("dead letters")).toBe(5);
    for (const name of ["a", "b", "c"]) {
      const ways = ["filtered", "late", "duplicate", "closed"].map((way) => countOf(`${name}/${way}`) ?? NaN);
      expect(ways).toEqual([60, 5, 2, 1]);
      expect(countOf(`${name}/windows`)).toBe(27);
      expect(ways.reduce((sum, n) => sum + n, 27)).toBe(95);
    }
  });

  it("lets no two stations overlap, and none leave the picture", () => {
    const { nodes, node, width, height } = drawing;
    for (const [i, a] of nodes.entries()) {
      expect(a.x + node.width).toBeLessThanOrEqual(width);
      expect(a.y + node.height).toBeLessThanOrEqual(height);
      for (const b of nodes.slice(i + 1)) {
        const apart = Math.abs(a.x - b.x) >= node.width || Math.abs(a.y - b.y) >= node.height;
        expect({ a: a.id, b: b.id, apart }).toEqual({ a: a.id, b: b.id, apart: true });
      }
    }
  });

  it("makes a way as wide as its part of all messages, and never too thin to be seen", () => {
    const widthOf = (id: string) => drawing.edges.find((edge) => edge.id === id)?.width ?? NaN;
    expect(widthOf("a/filtered") / widthOf("a/windows")).toBeCloseTo(60 / 27);
    expect(widthOf("a/duplicate")).toBe(2);
  });

  it("ends at the windows where the stores aren't known", () => {
    const committed = { applied: null, duplicate: null, window_closed: null, panes: null };
    const drawn = draw({ ...flow, kind: "committed", views: [view("a", committed)] });
    expect(drawn.nodes.map(({ id }) => id)).toEqual(["read", "decode", "a/lateness", "a/windows"]);
    expect(countOf("a/windows", drawn)).toBe(30);
  });
});
