import { FreshetError } from "../../pipeline/core/errors.ts";

/**
 * Thrown when a Flink cluster can't do what it is asked for.
 * - `flink_unreachable`: nothing answers as Flink's REST endpoint there
 * - `flink_refused`: Flink's answer is an error
 * - `flink_version`: the cluster's Flink is another one than the engine's
 * - `job_runs_already`, `job_not_found`: by that name
 * - `job_failed`: the job came to an end where it should run
 * - `savepoint_failed`: what Flink says of it
 * - `too_few_slots`: the cluster has fewer free task slots than the job's parallelism
 * - `missing_option`: nothing says what must be known
 */
export class FlinkError extends FreshetError {
  declare readonly code:
    | "flink_unreachable"
    | "flink_refused"
    | "flink_version"
    | "job_runs_already"
    | "job_not_found"
    | "job_failed"
    | "savepoint_failed"
    | "too_few_slots"
    | "missing_option";
}
