import { formatInstant } from "../../core/instant.ts";
import type { ViewPlan } from "../../core/view-plan.ts";
import type { Heartbeats } from "../heartbeats.ts";
import type { CommittedSource } from "./committed-source.ts";
import type { FlowJson, LiveJson, LiveViewJson } from "./contract.ts";

/** From publish to readable, ms; null where nothing is known. */
export type Freshness = Pick<LiveViewJson, "p50_ms" | "p99_ms">;

/** What only the counters of a job of this process tell. */
export interface JobCounts {
  readonly events_per_second: number;
  /** By the view's name. */
  readonly freshness: Readonly<Record<string, Freshness>>;
  /** Of each event. */
  readonly flows: readonly FlowJson[];
}

/** Reads the counters of a running job. */
export type JobSource = (nowMs: number) => Promise<JobCounts>;

/** Where a console's live numbers come from. */
export interface LiveSources {
  readonly plans: readonly ViewPlan[];
  readonly heartbeats: Heartbeats;
  readonly committed: CommittedSource;
  /** @default there is no job in this process */
  readonly job?: JobSource;
  readonly now: () => number;
}

/**
 * How all is now: heartbeats, the job's counters where there is a job, and the committed account.
 * @param watched whether somebody looks: else the offline store is left alone
 */
export async function readLive(sources: LiveSources, watched: boolean): Promise<LiveJson> {
  const { plans, heartbeats, committed, job, now } = sources;
  const nowMs = now();
  const counts = await job?.(nowMs);
  const account = committed(nowMs, watched);
  const problems = [...account.problems];
  if (!heartbeats.alive) problems.unshift("the online store has not answered lately");
  return {
    at: formatInstant(nowMs),
    source: counts === undefined ? "stores" : "job",
    events_per_second: counts?.events_per_second ?? account.eventsPerSecond ?? null,
    views: plans.map((plan) =>
      viewOf(plan, heartbeats.of(plan), nowMs, (counts ?? account).freshness[plan.name]),
    ),
    flows: [...(counts?.flows ?? []), ...account.flows],
    problems,
  };
}

function viewOf(
  { name, version, freshnessMs }: ViewPlan,
  throughMs: number | undefined,
  nowMs: number,
  freshness: Freshness | undefined,
): LiveViewJson {
  return {
    view: name,
    version,
    complete_through: throughMs === undefined ? null : formatInstant(throughMs),
    lag_ms: throughMs === undefined ? null : nowMs - throughMs,
    freshness_slo_ms: freshnessMs,
    p50_ms: freshness?.p50_ms ?? null,
    p99_ms: freshness?.p99_ms ?? null,
  };
}
