import type { ViewPlan, WindowStrategy } from "../core/view-plan.ts";
import type { Collection, Graph } from "./beam.ts";
import type { ShardEvents } from "./slices.ts";
import type { WindowRows, Windows, WindowsOptions } from "./window-strategy.ts";
import { windowsByBeam } from "./windows-by-beam.ts";
import { windowsByTimers } from "./windows-by-timers.ts";

const STRATEGIES: Readonly<Record<WindowStrategy, Windows>> = {
  timers: windowsByTimers,
  "beam-windows": windowsByBeam,
};

/** The sliding windows of a view, by a strategy of its two. @param [strategy=plan.strategy] */
export function windowsOf(
  graph: Graph,
  batches: Collection<ShardEvents>,
  plan: ViewPlan,
  {
    strategy = plan.strategy,
    ...options
  }: WindowsOptions & { readonly strategy?: WindowStrategy | undefined },
): WindowRows {
  return STRATEGIES[strategy](graph, batches, plan, options);
}
