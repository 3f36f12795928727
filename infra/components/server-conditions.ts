import type { Condition } from "./condition.ts";
import { serviceFilter, staleMetricOf } from "./feature-server.ts";

/** A feature server that is watched. */
export interface ServedBy {
  /** Cloud Run's service. */
  readonly service: string;
  /** Longest time for an answer, ms. */
  readonly deadlineMs: number;
}

const FAILED_PART = 0.01;
const SHED_PART = 0.01;
const FIVE_MINUTES_S = 300;

/** When the feature server is not what models count on. */
export function serverConditions({ service, deadlineMs }: ServedBy): Condition[] {
  const requests = `metric.type="run.googleapis.com/request_count" AND ${serviceFilter(service)}`;
  const part = { outOf: requests, aligner: "ALIGN_RATE", reducer: "REDUCE_SUM" } as const;
  return [
    {
      id: "server-fails",
      title: "Freshet: the feature server fails requests",
      help: "More than 1 % end with 5xx. 503: Bigtable is slow or away, or too many requests come (see the log); 500: a defect.",
      metric: `${requests} AND metric.labels.response_code_class="5xx"`,
      ...part,
      above: FAILED_PART,
      forS: FIVE_MINUTES_S,
    },
    {
      id: "server-slow",
      title: "Freshet: the feature server is slow",
      help: `One request of a hundred takes longer than half of the deadline (${String(deadlineMs)} ms). See Bigtable's CPU, and the server's.`,
      metric: `metric.type="run.googleapis.com/request_latencies" AND ${serviceFilter(service)}`,
      aligner: "ALIGN_PERCENTILE_99",
      reducer: "REDUCE_MAX",
      above: deadlineMs / 2,
      forS: FIVE_MINUTES_S,
    },
    {
      id: "server-sheds",
      title: "Freshet: the feature server refuses requests",
      help: "More than 1 % end with 429: no instance has room, or a caller is beyond its rate. Raise freshet:serverMaxInstances.",
      metric: `${requests} AND metric.labels.response_code="429"`,
      ...part,
      above: SHED_PART,
      forS: FIVE_MINUTES_S,
    },
    {
      id: "server-stale",
      title: "Freshet: vectors are stale",
      help: "A view is behind what it declares; its vectors say so (`stale`). See the job: its lag, its workers.",
      metric: `metric.type="logging.googleapis.com/user/${staleMetricOf(service)}" AND resource.type="cloud_run_revision"`,
      aligner: "ALIGN_SUM",
      reducer: "REDUCE_SUM",
      above: 0,
      forS: FIVE_MINUTES_S,
    },
  ];
}
