import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../pipeline/core/error-message.ts";
import { FlinkError } from "./errors.ts";

/** Task slots and jobs of a cluster. */
export interface FlinkOverview {
  readonly taskManagers: number;
  readonly slots: number;
  readonly freeSlots: number;
  readonly version: string;
}

/** @see https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/internals/job_scheduling/ */
export type FlinkJobState =
  | "INITIALIZING"
  | "CREATED"
  | "RUNNING"
  | "RESTARTING"
  | "FAILING"
  | "CANCELLING"
  | "SUSPENDED"
  | "RECONCILING"
  | "FINISHED"
  | "CANCELED"
  | "FAILED";

/** A job as the cluster lists it. */
export interface FlinkJob {
  readonly id: string;
  readonly name: string;
  readonly state: FlinkJobState;
  /** Epoch ms. */
  readonly startedMs: number;
  /** Number of tasks, and how many of them run. */
  readonly tasks: number;
  readonly runningTasks: number;
}

/** What a job's checkpoints are at. */
export interface FlinkCheckpoints {
  readonly completed: number;
  readonly failed: number;
  /** How often the job was restored from one. */
  readonly restored: number;
  /** The newest completed one: where it is, and when it was triggered, epoch ms. */
  readonly latest?: { readonly path: string; readonly atMs: number } | undefined;
}

const ENDED: readonly FlinkJobState[] = ["FINISHED", "CANCELED", "FAILED"];
const ANSWER_WITHIN_MS = 30_000;
const POLL_MS = 200;

/** Whether a job is over, for good. */
export function hasEnded({ state }: Pick<FlinkJob, "state">): boolean {
  return ENDED.includes(state);
}

/**
 * Flink's REST interface, as far as running our job needs it.
 * @see https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/
 */
export class FlinkClient {
  readonly #base: string;

  /** @param master `host:port` of the job manager's REST endpoint */
  constructor(master: string) {
    this.#base = `http://${master}`;
  }

  /** @throws FlinkError, as every method does: `flink_unreachable`, `flink_refused` */
  async overview(): Promise<FlinkOverview> {
    const answer = await this.#get("/overview");
    return {
      taskManagers: answer["taskmanagers"] as number,
      slots: answer["slots-total"] as number,
      freeSlots: answer["slots-available"] as number,
      version: answer["flink-version"] as string,
    };
  }

  /** Every job that the cluster remembers, ended ones too; the newest first. */
  async jobs(): Promise<FlinkJob[]> {
    const { jobs } = (await this.#get("/jobs/overview")) as { jobs: JobEntry[] };
    const found = jobs.map(({ jid, name, state, "start-time": startedMs, tasks }) => ({
      id: jid,
      name,
      state,
      startedMs,
      tasks: tasks.total,
      runningTasks: tasks.running,
    }));
    return found.sort((a, b) => b.startedMs - a.startedMs);
  }

  /** The first lines of what made a job fail or restart last; undefined where nothing did. */
  async failure(jobId: string): Promise<string | undefined> {
    const answer = await this.#get(`/jobs/${jobId}/exceptions`);
    const history = answer["exceptionHistory"] as { entries?: { stacktrace: string }[] } | undefined;
    return history?.entries?.[0]?.stacktrace.split("\n").slice(0, 3).join("\n");
  }

  async checkpoints(jobId: string): Promise<FlinkCheckpoints> {
    const { counts, latest } = (await this.#get(`/jobs/${jobId}/checkpoints`)) as unknown as CheckpointEntry;
    const done = latest.completed ?? undefined;
    return {
      completed: counts.completed,
      failed: counts.failed,
      restored: counts.restored,
      latest: done && { path: done.external_path, atMs: done.trigger_timestamp },
    };
  }

  /** Ends a job at once; what it read since its last checkpoint will be read again. */
  async cancel(jobId: string): Promise<void> {
    await this.#request("PATCH", `/jobs/${jobId}?mode=cancel`);
  }

  /**
   * Takes a savepoint, and polls until it is there.
   *
   * To end the job with it, Flink's own "stop" would not do: it ends sources first, Beam's then move the watermark to
   * the end of time, and every window and timer of the future fires into the savepoint. Here the job is cancelled as
   * soon as the savepoint is complete, and no checkpoint comes between: what was read after it is not acknowledged, and
   * is read again by the job that goes on from it.
   * @param targetDirectory URI or path below which it is kept
   * @param then whether the job goes on
   * @returns the savepoint's path
   * @throws FlinkError `savepoint_failed`; the job then runs on
   */
  async savepoint(jobId: string, targetDirectory: string, then: "run on" | "cancel"): Promise<string> {
    const started = await this.#request("POST", `/jobs/${jobId}/savepoints`, {
      "target-directory": targetDirectory,
      "cancel-job": then === "cancel",
    });
    const path = `/jobs/${jobId}/savepoints/${started["request-id"] as string}`;
    for (;;) {
      const { status, operation } = (await this.#get(path)) as unknown as SavepointEntry;
      if (status.id === "COMPLETED") {
        if (operation?.location !== undefined) return operation.location;
        const cause = operation?.["failure-cause"]?.["stack-trace"] ?? "no reason given";
        throw new FlinkError("savepoint_failed", `job ${jobId}: no savepoint was taken: ${rootCause(cause)}`);
      }
      await sleep(POLL_MS);
    }
  }

  #get(path: string): Promise<Record<string, unknown>> {
    return this.#request("GET", path);
  }

  async #request(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const url = `${this.#base}${path}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      text = await response.text();
    } catch (error) {
      const why = messageOf(error instanceof Error && error.cause ? error.cause : error);
      const message = `no Flink job manager answers at ${this.#base}: ${why}; --flink-master names its REST endpoint (host:port, by default port 8081)`;
      throw new FlinkError("flink_unreachable", message);
    }
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer;
    const errors = answer?.["errors"] as string[] | undefined;
    const said = errors?.map(rootCause).join("; ") ?? text.slice(0, 200);
    throw new FlinkError("flink_refused", `Flink answered ${response.status} to ${method} ${path}: ${said}`);
  }
}

interface JobEntry {
  readonly jid: string;
  readonly name: string;
  readonly state: FlinkJobState;
  readonly "start-time": number;
  readonly tasks: { readonly total: number; readonly running: number };
}

interface CheckpointEntry {
  readonly counts: { readonly completed: number; readonly failed: number; readonly restored: number };
  readonly latest: {
    readonly completed: { readonly external_path: string; readonly trigger_timestamp: number } | null;
  };
}

interface SavepointEntry {
  readonly status: { readonly id: "IN_PROGRESS" | "COMPLETED" };
  readonly operation?: {
    readonly location?: string;
    readonly "failure-cause"?: { readonly "stack-trace": string };
  };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The last "Caused by" of a Java stack trace, which says what happened; the others say around what. */
function rootCause(stackTrace: string): string {
  const lines = stackTrace.split("\n");
  const cause = lines.findLast((line) => line.startsWith("Caused by: ")) ?? lines[0] ?? "";
  return cause.replace("Caused by: ", "").trim();
}
