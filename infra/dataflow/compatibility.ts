import type { GraphOutline, TransformOutline } from "../../pipeline/beam/outline.ts";
import { layoutChanges } from "../../pipeline/core/view-layout.ts";

/** Old transform names by what they are called now; "" for one that goes on purpose. */
export type TransformNameMapping = Readonly<Record<string, string>>;

/** Something of a running job that its replacement could not carry on with. */
export interface Break {
  readonly code:
    | "transform_gone"
    | "transform_changed"
    | "source_changed"
    | "coder_changed"
    | "side_inputs_changed"
    | "state_changed"
    | "timers_changed"
    | "layout_changed"
    | "bad_mapping";
  /** The transform's unique name in the running job. */
  readonly transform: string;
  /** What was there and what comes, in words. */
  readonly problem: string;
}

/** What replacing one graph by another in place comes to. */
export interface Compatibility {
  /** Empty: the update may be asked for. */
  readonly breaks: readonly Break[];
  /** Transforms that begin anew, with empty state. */
  readonly added: readonly string[];
}

const WINDOWS = /^(?<view>[^/]+)\.v\d+\//;

/**
 * Compares the graph of a running job with the one that is to replace it. Dataflow hands state and what is in flight
 * to the transform of the same name, so a name must stay, or be mapped; what is stored must be read as it was written:
 * coders of what crosses a shuffle or waits at a stateful transform, states, timers, and the layout of a view's log.
 * Dataflow checks names and coders itself, when it is too late to be told which feature is at fault; the layout only
 * we know.
 * @see https://cloud.google.com/dataflow/docs/guides/upgrade-guide for what Dataflow checks
 */
export function compare(
  running: GraphOutline,
  next: GraphOutline,
  mapping: TransformNameMapping = {},
): Compatibility {
  const breaks: Break[] = badMappings(running, next, mapping);
  const carriedOn = new Set<string>();
  for (const [name, before] of running.transforms) {
    const target = mapping[name] ?? name;
    if (target === "") continue;
    const after = next.transforms.get(target);
    if (after === undefined) {
      if (mapping[name] === undefined) breaks.push(gone(name, before, next));
      continue;
    }
    carriedOn.add(target);
    breaks.push(...changes(before, after).map((change) => ({ ...change, transform: name })));
  }
  return { breaks, added: [...next.transforms.keys()].filter((name) => !carriedOn.has(name)) };
}

function badMappings(running: GraphOutline, next: GraphOutline, mapping: TransformNameMapping): Break[] {
  return Object.entries(mapping).flatMap(([from, to]): Break[] => {
    const bad = (problem: string): Break[] => [{ code: "bad_mapping", transform: from, problem }];
    if (!running.transforms.has(from)) return bad("the running job has no transform of that name");
    if (to !== "" && !next.transforms.has(to)) return bad(`the new graph has no transform ${to}`);
    return [];
  });
}

function gone(name: string, before: TransformOutline, next: GraphOutline): Break {
  const view = WINDOWS.exec(name)?.groups?.["view"];
  const versions = [...next.transforms.keys()].filter((other) => view && other.startsWith(`${view}.v`));
  const [another] = versions.map((other) => other.split("/")[0]);
  const hint =
    another === undefined ? "" : `; ${another} is new transforms with empty state: keep both versions`;
  return { code: "transform_gone", transform: name, problem: `${holds(before)} would be lost${hint}` };
}

/** What a transform keeps between two bundles. */
function holds({ urn, states, timers }: TransformOutline): string {
  if (Object.keys(states).length > 0) return "its state and timers";
  if (Object.keys(timers).length > 0) return "its timers";
  if (urn === "beam:transform:pubsub_read:v1") return "what it has read and not yet handed on";
  return "what is on its way to it";
}

type Change = Omit<Break, "transform">;

function changes(before: TransformOutline, after: TransformOutline): Change[] {
  if (before.urn !== after.urn || before.doFn !== after.doFn) {
    const problem = `${what(before)} is now ${what(after)}`;
    return [{ code: "transform_changed", problem }];
  }
  const found: Change[] = [];
  if (before.subscription !== after.subscription) {
    const problem = `reads ${after.subscription ?? ""} now; what waits in ${before.subscription ?? ""} would be left there`;
    found.push({ code: "source_changed", problem });
  }
  if (stores(before)) found.push(...differences("coder_changed", "input", before.inputs, after.inputs));
  if (before.sideInputs.join() !== after.sideInputs.join()) {
    const problem = `side inputs ${before.sideInputs.join(", ") || "none"}, now ${after.sideInputs.join(", ") || "none"}`;
    found.push({ code: "side_inputs_changed", problem });
  }
  found.push(...differences("state_changed", "state", before.states, after.states));
  found.push(...differences("timers_changed", "timer", before.timers, after.timers));
  if (before.layout !== undefined && after.layout !== undefined) {
    const problems = layoutChanges(before.layout, after.layout);
    found.push(...problems.map((problem): Change => ({ code: "layout_changed", problem })));
  }
  return found;
}

/** Whether what comes in is written somewhere before it is processed. What fuses with its producer never is. */
function stores({ urn, states, timers }: TransformOutline): boolean {
  const shuffles = ["beam:transform:group_by_key:v1", "beam:transform:reshuffle:v1"].includes(urn);
  return shuffles || Object.keys(states).length > 0 || Object.keys(timers).length > 0;
}

function what({ urn, doFn }: TransformOutline): string {
  return doFn === undefined ? urn : `the DoFn "${doFn}"`;
}

/** Entries that are other, or gone. One that is new begins empty and breaks nothing. */
function differences(
  code: Break["code"],
  kind: string,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Change[] {
  return Object.entries(before)
    .filter(([name, text]) => after[name] !== text)
    .map(([name, text]) => ({
      code,
      problem: `${kind} ${name} was ${text}, is now ${after[name] ?? "gone"}`,
    }));
}
