import type { JobsV1Beta3Client, MessagesV1Beta3Client, protos } from "@google-cloud/dataflow";
import { dataflowClients, type ServiceUrls } from "./clients.ts";
import { explained, type GoogleCall } from "./explain.ts";
import type { JobBody } from "./job-body.ts";
import { jobMessage, optionsOf, type PipelineOptions } from "./job-proto.ts";
import type { DataflowTarget } from "./target.ts";

type Place = Pick<DataflowTarget, "project" | "region"> &
  Partial<Pick<DataflowTarget, "bucket" | "serviceAccount">>;

/** A job as Dataflow tells of it. */
export interface JobInfo {
  readonly id: string;
  readonly name: string;
  /** Without its prefix: `RUNNING`. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly createdMs: number;
}

/** How a job ends: in place of running on. */
export type Ending = "drain" | "cancel";

const ENDED = new Set(["STOPPED", "DONE", "FAILED", "CANCELLED", "UPDATED", "DRAINED"]);

/** Whether a job has come to an end, so that another may have its name. */
export function hasEnded({ state }: JobInfo): boolean {
  return ENDED.has(state);
}

/** Whether a job is on its way to its end: it has its name still. */
export function isEnding({ state }: JobInfo): boolean {
  return state === "DRAINING" || state === "CANCELLING";
}

/** Dataflow in one project and region. What fails is explained. */
export class DataflowService {
  readonly #jobs: JobsV1Beta3Client;
  readonly #messages: MessagesV1Beta3Client;
  readonly #place: Place;

  constructor(place: Place, urls: ServiceUrls) {
    const { jobs, messages } = dataflowClients(place.project, urls);
    this.#jobs = jobs;
    this.#messages = messages;
    this.#place = place;
  }

  /** The jobs of a name, the newest first. @throws DataflowError */
  async jobsNamed(name: string): Promise<JobInfo[]> {
    const found: JobInfo[] = [];
    let pageToken = "";
    do {
      const request = { ...this.#where(), filter: "ALL", name, pageSize: 100, pageToken } as const;
      const [page, , response] = await this.#call(`list the jobs named ${name}`, () =>
        this.#jobs.listJobs(request, { autoPaginate: false }),
      );
      found.push(...page.map(jobInfo).filter((job) => job.name === name));
      pageToken = response.nextPageToken ?? "";
    } while (pageToken !== "");
    return found.sort((a, b) => b.createdMs - a.createdMs || (a.id < b.id ? 1 : -1));
  }

  /**
   * Creates a job.
   * @param replaces id of the job that it takes over from, with names of transforms that changed
   * @throws DataflowError
   */
  async create(
    body: JobBody,
    clientRequestId: string,
    replaces?: { readonly id: string; readonly mapping: Readonly<Record<string, string>> },
  ): Promise<JobInfo> {
    const job = {
      ...jobMessage(body),
      clientRequestId,
      ...(replaces && { replaceJobId: replaces.id, transformNameMapping: { ...replaces.mapping } }),
    };
    const [created] = await this.#call(`create the job ${body.name}`, () =>
      this.#jobs.createJob({ ...this.#where(), job }),
    );
    return jobInfo(created);
  }

  /** @throws DataflowError */
  async get(jobId: string): Promise<JobInfo> {
    return jobInfo(await this.#get(jobId, "JOB_VIEW_SUMMARY"));
  }

  /** The pipeline options that a job was submitted with. @throws DataflowError */
  async optionsOf(jobId: string): Promise<PipelineOptions> {
    return optionsOf(await this.#get(jobId, "JOB_VIEW_ALL"));
  }

  /** Asks a job to end. @throws DataflowError */
  async end(jobId: string, how: Ending): Promise<void> {
    const requestedState = how === "drain" ? "JOB_STATE_DRAINED" : "JOB_STATE_CANCELLED";
    await this.#call(`${how} the job ${jobId}`, () =>
      this.#jobs.updateJob({ ...this.#where(), jobId, job: { requestedState } }),
    );
  }

  /** What Dataflow reported as errors of a job, the oldest first. @throws DataflowError */
  async errorsOf(jobId: string): Promise<string[]> {
    const request = { ...this.#where(), jobId, minimumImportance: "JOB_MESSAGE_ERROR" } as const;
    const [messages] = await this.#call(`read the messages of job ${jobId}`, () =>
      this.#messages.listJobMessages(request, { autoPaginate: false }),
    );
    return messages.map(({ messageText }) => messageText ?? "").filter((text) => text !== "");
  }

  async #get(jobId: string, view: "JOB_VIEW_SUMMARY" | "JOB_VIEW_ALL") {
    const [job] = await this.#call(`read the job ${jobId}`, () =>
      this.#jobs.getJob({ ...this.#where(), jobId, view }),
    );
    return job;
  }

  #where() {
    return { projectId: this.#place.project, location: this.#place.region };
  }

  #call<T>(what: string, make: () => Promise<T>): Promise<T> {
    const call: GoogleCall = { what, service: "dataflow.googleapis.com", target: this.#place };
    return explained(call, make);
  }
}

function jobInfo(job: protos.google.dataflow.v1beta3.IJob): JobInfo {
  return {
    id: job.id ?? "",
    name: job.name ?? "",
    state: String(job.currentState ?? "JOB_STATE_UNKNOWN").replace("JOB_STATE_", ""),
    labels: job.labels ?? {},
    createdMs: Number(job.createTime?.seconds ?? 0) * 1000,
  };
}
