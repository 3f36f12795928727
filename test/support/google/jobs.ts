import { protoError, type Reply } from "./replies.ts";

/** A job as the stand-in keeps it: the body that came, and where it has come to. */
export interface FakeJob {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly createTime: string;
  /** States still to come, one a look at the job. */
  path: string[];
  state: string;
  messages: string[];
}

/** What becomes of the next job that is created. */
export interface Fate {
  /** States that it goes through. @default PENDING, then RUNNING */
  readonly path?: readonly string[];
  /** What is reported as its errors. */
  readonly messages?: readonly string[];
}

const ENDED = ["DONE", "FAILED", "CANCELLED", "UPDATED", "DRAINED"];

/** The jobs of Dataflow's stand-in. It holds to what its users rely on: names, request ids, replacements, states. */
export class FakeJobs {
  readonly all: FakeJob[] = [];
  fate: Fate = {};

  /** `projects.locations.jobs.create` */
  create(body: FakeJob["body"]): Reply {
    const same = this.all.find((job) => job.body["clientRequestId"] === body["clientRequestId"]);
    if (same) return protoError(409, "ALREADY_EXISTS", `(x): The workflow could not be created: ${same.id}`);
    const running = this.all.find((job) => job.body.name === body.name && !ENDED.includes(job.state));
    const replaced = body["replaceJobId"] as string | undefined;
    if (running && running.id !== replaced) {
      return protoError(409, "ALREADY_EXISTS", `There is already an active job named ${body.name}`);
    }
    if (replaced !== undefined && replaced !== "" && running?.state !== "RUNNING") {
      return protoError(400, "FAILED_PRECONDITION", `The job ${replaced} is not running`);
    }
    const [state = "PENDING", ...path] = this.fate.path ?? ["PENDING", "RUNNING"];
    const number = this.all.length + 1;
    const job: FakeJob = {
      id: `2026-01-01_00_00_${String(number).padStart(2, "0")}-1`,
      body,
      createTime: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
      state,
      path,
      messages: [...(this.fate.messages ?? [])],
    };
    this.fate = {};
    if (running && state !== "FAILED") running.path = ["UPDATED"];
    this.all.push(job);
    return { status: 200, body: this.#shown(job) };
  }

  /** `projects.locations.jobs.list` */
  list(name: string): Reply {
    const jobs = this.all.filter((job) => job.body.name === name).map((job) => this.#shown(job));
    return { status: 200, body: { jobs } };
  }

  /** `projects.locations.jobs.get`: time goes on by a state. */
  get(id: string): Reply {
    const job = this.all.find((one) => one.id === id);
    if (!job) return protoError(404, "NOT_FOUND", `(x): Information about job ${id} could not be found`);
    job.state = job.path.shift() ?? job.state;
    return { status: 200, body: this.#shown(job) };
  }

  /** `projects.locations.jobs.update`: a job is asked to end. */
  update(id: string, { requestedState }: { readonly requestedState?: string | number }): Reply {
    const job = this.all.find((one) => one.id === id);
    if (!job) return protoError(404, "NOT_FOUND", `(x): Information about job ${id} could not be found`);
    const drains = requestedState === "JOB_STATE_DRAINED" || requestedState === 8;
    job.state = drains ? "DRAINING" : "CANCELLING";
    job.path = [drains ? "DRAINED" : "CANCELLED"];
    return { status: 200, body: this.#shown(job) };
  }

  /** `projects.locations.jobs.messages.list` */
  messages(id: string): Reply {
    const texts = this.all.find((job) => job.id === id)?.messages ?? [];
    const jobMessages = texts.map((messageText, i) => ({
      id: String(i),
      messageText,
      messageImportance: "JOB_MESSAGE_ERROR",
    }));
    return { status: 200, body: { jobMessages } };
  }

  #shown({ id, body, state, createTime }: FakeJob) {
    return { ...body, id, createTime, currentState: `JOB_STATE_${state}` };
  }
}
