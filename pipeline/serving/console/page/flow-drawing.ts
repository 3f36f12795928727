import type { FlowJson, FlowViewJson } from "../contract.ts";

/** What an edge carries: the way of a message, or where it leaves it. */
export type EdgeKind = "main" | "rows" | "filtered" | "late" | "duplicate" | "dead";

/** A station on a message's way. */
export interface FlowNode {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly count: number;
}

/** A way between two stations, or out. */
export interface FlowEdge {
  readonly id: string;
  readonly kind: EdgeKind;
  /** An SVG path. */
  readonly path: string;
  /** Its width, by what part of all messages took it. */
  readonly width: number;
  readonly count: number;
  /** Of a way out: its name, and where that stands. */
  readonly label?: { readonly text: string; readonly x: number; readonly y: number };
}

/** The picture of a flow, in units of its view box. */
export interface FlowDrawing {
  readonly width: number;
  readonly height: number;
  /** The same for every node. */
  readonly node: { readonly width: number; readonly height: number };
  /** How the label of a way out stands to its point. */
  readonly exits: "below" | "beside";
  readonly titles: readonly { readonly text: string; readonly x: number; readonly y: number }[];
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

interface Exit {
  readonly kind: EdgeKind;
  readonly text: string;
  readonly count: number;
}

interface Station {
  readonly name: string;
  readonly label: string;
  readonly count: number;
  readonly exits: readonly Exit[];
  /** What comes in: messages, by their number; or rows, which are of another kind. */
  readonly enters: EdgeKind;
}

const BAND = 18;

/** A way is as wide as its part of all messages, and never too thin to be seen. */
function bandWidth(count: number, all: number): number {
  return count === 0 ? 1 : Math.max(2, (BAND * count) / Math.max(1, all));
}

/** The stations of one view, in order. A side of the law that can't tell of the stores ends at the windows. */
function stationsOf(decoded: number, view: FlowViewJson): Station[] {
  const { filtered, late, dropped, to_windows, duplicate, window_closed, panes } = view;
  const stations: Station[] = [
    {
      name: "lateness",
      label: "lateness",
      count: decoded,
      enters: "main",
      exits: [
        { kind: "filtered", text: "filtered", count: filtered },
        { kind: "late", text: dropped ? "late, dropped" : "late", count: late + (dropped ?? 0) },
      ],
    },
    {
      name: "windows",
      label: "windows",
      count: view.applied ?? to_windows,
      enters: "main",
      exits: [
        ...(duplicate === null ? [] : [{ kind: "duplicate", text: "duplicate", count: duplicate } as const]),
        ...(window_closed === null ? [] : [{ kind: "late", text: "closed", count: window_closed } as const]),
      ],
    },
  ];
  if (panes === null) return stations;
  const rows = (name: string, label: string, count: number | null): Station => ({
    name,
    label,
    count: count ?? 0,
    enters: "rows",
    exits: [],
  });
  return [
    ...stations,
    rows("panes", "panes", panes),
    rows("bigtable", "Bigtable", view.rows_online),
    rows("bigquery", "BigQuery", view.rows_offline),
  ];
}

const idOf = (...parts: readonly string[]) => parts.join("/");

/**
 * Draws a flow from left to right, a lane for each view; ways out leave downwards.
 *
 *     Pub/Sub ─ decode ┬ lateness ─ windows ─ panes ─ Bigtable ─ BigQuery
 *                 │    └ …    │ │        │ │
 */
export function wideDrawing(flow: FlowJson): FlowDrawing {
  const node = { width: 104, height: 46 };
  const lane = { height: 148, first: 22 };
  const columns = [0, 166, 350, 538, 712, 870, 1016] as const;
  const exitLength = 26;
  const middle = lane.first + (lane.height * flow.views.length - 34) / 2 - node.height / 2;
  const { nodes, edges, titles, add, exit, link } = canvas(flow);

  add("read", columns[0], middle, "Pub/Sub", flow.read);
  add("decode", columns[1], middle, "decoded", flow.decoded);
  const across = middle + node.height / 2;
  link("decoded", "main", line([node.width, across], [columns[1], across]), flow.decoded);
  exit(
    "dead letters",
    "dead",
    flow.dead_letters,
    [columns[1] + node.width / 2, middle + node.height],
    [0, exitLength],
  );

  flow.views.forEach((view, i) => {
    const y = lane.first + i * lane.height;
    const row = y + node.height / 2;
    titles.push({ text: view.view, x: columns[2], y: y - 9 });
    stationsOf(flow.decoded, view).forEach((station, s) => {
      const x = columns[s + 2] ?? 0;
      const id = idOf(view.view, station.name);
      add(id, x, y, station.label, station.count);
      const from =
        s === 0
          ? ([columns[1] + node.width, across] as const)
          : ([(columns[s + 1] ?? 0) + node.width, row] as const);
      link(id, station.enters, s === 0 ? curve(from, [x, row]) : line(from, [x, row]), station.count);
      station.exits.forEach((way, e) => {
        const at = x + (node.width * (2 * e + 1)) / (2 * station.exits.length);
        exit(
          idOf(view.view, way.text),
          way.kind,
          way.count,
          [at, y + node.height],
          [0, exitLength],
          way.text,
        );
      });
    });
  });
  return {
    width: Math.max(...nodes.map(({ x }) => x)) + node.width,
    height: lane.first + lane.height * flow.views.length - 16,
    node,
    exits: "below",
    titles,
    nodes,
    edges,
  };
}

/** Draws a flow from top to bottom, view after view, for a narrow screen; ways out leave to the right. */
export function narrowDrawing(flow: FlowJson): FlowDrawing {
  const node = { width: 112, height: 44 };
  const step = 70;
  const left = 26;
  const rail = 9;
  const exitLength = 40;
  const { nodes, edges, titles, add, exit, link } = canvas(flow);
  const center = left + node.width / 2;

  add("read", left, 0, "Pub/Sub", flow.read);
  add("decode", left, step, "decoded", flow.decoded);
  link("decoded", "main", line([center, node.height], [center, step]), flow.decoded);
  exit(
    "dead letters",
    "dead",
    flow.dead_letters,
    [left + node.width, step + node.height / 2],
    [exitLength, 0],
  );

  let y = step + node.height + 44;
  const branch = step + node.height / 2;
  for (const view of flow.views) {
    titles.push({ text: view.view, x: left, y: y - 10 });
    stationsOf(flow.decoded, view).forEach((station, s) => {
      const id = idOf(view.view, station.name);
      const row = y + node.height / 2;
      add(id, left, y, station.label, station.count);
      const path =
        s === 0
          ? `M${String(left)} ${String(branch)} H${String(rail)} V${String(row)} H${String(left)}`
          : line([center, y - step + node.height], [center, y]);
      link(id, station.enters, path, station.count, s === 0 ? 6 : BAND);
      station.exits.forEach((way, e) => {
        const at = row + (station.exits.length === 1 ? 0 : 26 * e - 13);
        exit(
          idOf(view.view, way.text),
          way.kind,
          way.count,
          [left + node.width, at],
          [exitLength, 0],
          way.text,
        );
      });
      y += step;
    });
    y += 26;
  }
  return {
    width: 330,
    height: y - 26 - (step - node.height) + 2,
    node,
    exits: "beside",
    titles,
    nodes,
    edges,
  };
}

type Point = readonly [x: number, y: number];

function canvas(flow: FlowJson) {
  const nodes: FlowNode[] = [];
  const edges: FlowEdge[] = [];
  const titles: { text: string; x: number; y: number }[] = [];
  return {
    nodes,
    edges,
    titles,
    add: (id: string, x: number, y: number, label: string, count: number) => {
      nodes.push({ id, x, y, label, count });
    },
    link: (id: string, kind: EdgeKind, path: string, count: number, widest = BAND) => {
      const width = kind === "rows" ? 3 : Math.min(widest, bandWidth(count, flow.read));
      edges.push({ id, kind, path, width, count });
    },
    exit: (id: string, kind: EdgeKind, count: number, from: Point, by: Point, text = id) => {
      const [x, y] = [from[0] + by[0], from[1] + by[1]];
      const width = bandWidth(count, flow.read);
      edges.push({ id, kind, path: line(from, [x, y]), width, count, label: { text, x, y } });
    },
  };
}

function line([x1, y1]: Point, [x2, y2]: Point): string {
  return `M${String(x1)} ${String(y1)} L${String(x2)} ${String(y2)}`;
}

function curve([x1, y1]: Point, [x2, y2]: Point): string {
  const half = (x1 + x2) / 2;
  return `M${String(x1)} ${String(y1)} C${[half, y1, half, y2, x2, y2].join(" ")}`;
}
