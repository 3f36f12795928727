import fc from "fast-check";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { arbitraryHistory, type History, millisecondSetting, type Setting } from "./history.ts";
import { judge } from "./judge.ts";
import type { Mutant } from "./mutants.ts";
import { timeline } from "./timeline.ts";
import { historyViews } from "./views.ts";

/** A history that breaks a promise, as small as shrinking made it. */
export interface Found {
  readonly history: History;
  /** How to see it again. */
  readonly seed: number;
  readonly path: string;
  readonly timeline: string;
}

/** What a search went through. */
export interface Searched {
  readonly histories: number;
  readonly messages: number;
  readonly rows: number;
  /** Answers that were held against the whole truth, and those of them that said something. */
  readonly exact: number;
  readonly present: number;
  /** Events that a crash made count as another of their copies. */
  readonly retold: number;
  readonly found: Found | undefined;
}

export interface Search {
  readonly seeds: number;
  readonly seed: number;
  /** Whether the first history that is found is made small. @default true */
  readonly shrink?: boolean;
  /** Of a history that was found before. */
  readonly path?: string;
  readonly mutant?: Mutant;
  /** @default historyViews */
  readonly plans?: readonly ViewPlan[];
  /** @default millisecondSetting */
  readonly setting?: Setting;
}

/** Runs so many histories and stops at the first that breaks a promise. */
export function searchHistories(options: Search): Searched {
  const {
    seeds,
    seed,
    path,
    mutant,
    plans = historyViews,
    setting = millisecondSetting,
    shrink = true,
  } = options;
  const sum = { histories: 0, messages: 0, rows: 0, exact: 0, present: 0, retold: 0 };
  const property = fc.property(arbitraryHistory(setting), (history) => {
    const { run, faults, asked } = judge(history, plans, mutant);
    sum.histories++;
    sum.messages += history.messages.length;
    sum.rows += run.views.reduce((rows, { view }) => rows + view.rows.length, 0);
    sum.retold += run.views.reduce((retold, { view }) => retold + view.retold, 0);
    sum.exact += asked.exact;
    sum.present += asked.present;
    return faults.length === 0;
  });
  const result = fc.check(property, {
    numRuns: seeds,
    seed,
    endOnFailure: !shrink,
    ...(path !== undefined && { path }),
  });
  if (!result.failed) return { ...sum, found: undefined };
  if (result.counterexample === null) throw new Error("a history was not run to its end");
  const [history] = result.counterexample;
  const { run, faults } = judge(history, plans, mutant);
  const [fault] = faults;
  const picture = fault === undefined ? String(result.errorInstance) : timeline(run, fault, setting.startMs);
  const found = { history, seed, path: result.counterexamplePath, timeline: picture };
  return { ...sum, found };
}
