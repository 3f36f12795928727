import * as grpc from "@grpc/grpc-js";
import type { ArtifactRequestWrapper } from "apache-beam/proto/beam_artifact_api";
import { ArtifactStagingServiceClient } from "apache-beam/proto/beam_artifact_api.grpc-client";
import {
  JobMessage_MessageImportance,
  type JobMessagesResponse,
  JobState_Enum,
  type PrepareJobResponse,
  type RunJobResponse,
} from "apache-beam/proto/beam_job_api";
import { JobServiceClient } from "apache-beam/proto/beam_job_api.grpc-client";
import { Struct } from "apache-beam/proto/google/protobuf/struct";
import type { Pipeline } from "apache-beam/proto/beam_runner_api";
import { FreshetError } from "../core/errors.ts";

/** Thrown when a job service can't be reached, refuses a pipeline, or its job fails. */
export class JobError extends FreshetError {
  declare readonly code: "job_service_unreachable" | "job_refused" | "job_failed";
}

export type JobState = "RUNNING" | "DONE" | "FAILED" | "CANCELLED";

/** Options of a portable job; `beam:option:…:v1` is added and camelCase becomes snake_case. */
export type JobOptions = Readonly<Record<string, string | number | boolean | readonly string[]>>;

const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
const FINAL: Partial<Record<JobState_Enum, JobState>> = {
  [JobState_Enum.DONE]: "DONE",
  [JobState_Enum.FAILED]: "FAILED",
  [JobState_Enum.CANCELLED]: "CANCELLED",
  [JobState_Enum.DRAINED]: "DONE",
  [JobState_Enum.UPDATED]: "DONE",
};

/** A submitted job. */
export class Job {
  readonly id: string;
  readonly #client: JobServiceClient;
  readonly #errors: string[] = [];

  constructor(id: string, client: JobServiceClient) {
    this.id = id;
    this.#client = client;
  }

  /**
   * Follows the job to its end.
   * @throws JobError `job_failed` with the runner's error messages; `job_service_unreachable` when its process dies.
   */
  async done(onRunning?: () => void): Promise<JobState> {
    const stream = this.#client.getMessageStream({ jobId: this.id });
    const state = await new Promise<JobState>((resolve, reject) => {
      stream.on("data", ({ response }: JobMessagesResponse) => {
        if (response.oneofKind === "stateResponse") {
          if (response.stateResponse.state === JobState_Enum.RUNNING) onRunning?.();
          const end = FINAL[response.stateResponse.state];
          if (end) resolve(end);
        } else if (response.oneofKind === "messageResponse") {
          const { importance, messageText } = response.messageResponse;
          if (importance === JobMessage_MessageImportance.JOB_MESSAGE_ERROR) this.#errors.push(messageText);
        }
      });
      stream.on("error", (error) =>
        reject(new JobError("job_service_unreachable", `the job service went away: ${error.message}`)),
      );
      stream.on("end", () =>
        reject(new JobError("job_service_unreachable", "the job service ended its stream")),
      );
    });
    stream.on("error", () => undefined); // cancelling is an error to grpc
    stream.cancel();
    if (state === "FAILED")
      throw new JobError("job_failed", this.#errors.join("\n") || "the job failed without a message");
    return state;
  }

  cancel(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.cancel({ jobId: this.id }, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Lets go of the connection; the job runs on. */
  close(): void {
    this.#client.close();
  }
}

/**
 * Prepares, stages and runs a pipeline on a Beam job service.
 * @param endpoint host:port of the job service
 * @throws JobError `job_service_unreachable` or `job_refused`
 */
export async function submit(
  pipeline: Pipeline,
  endpoint: string,
  jobName: string,
  options: JobOptions,
): Promise<Job> {
  const client = new JobServiceClient(endpoint, grpc.credentials.createInsecure(), UNLIMITED, {});
  try {
    await ready(client, endpoint);
    const prepared = await unary<PrepareJobResponse>("prepare", (done) =>
      client.prepare({ pipeline, jobName, pipelineOptions: optionsStruct(options) }, done),
    );
    const staging = prepared.artifactStagingEndpoint?.url;
    if (staging) await stageNothing(staging, prepared.stagingSessionToken);
    const { jobId } = await unary<RunJobResponse>("run", (done) =>
      client.run({ preparationId: prepared.preparationId, retrievalToken: "" }, done),
    );
    return new Job(jobId, client);
  } catch (error) {
    client.close();
    throw error;
  }
}

function ready(client: JobServiceClient, endpoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => {
      if (error)
        reject(
          new JobError(
            "job_service_unreachable",
            `no Beam job service answers at ${endpoint}: ${error.message}`,
          ),
        );
      else resolve();
    });
  });
}

type Done<T> = (error: grpc.ServiceError | null, value?: T) => void;
function unary<T>(what: string, call: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error ?? !value)
        reject(
          new JobError(
            "job_refused",
            `the job service refused to ${what} the job: ${error?.details ?? "no answer"}`,
          ),
        );
      else resolve(value);
    });
  });
}

function optionsStruct(options: JobOptions): Struct {
  const urn = (name: string) =>
    `beam:option:${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}:v1`;
  return Struct.fromJson(
    Object.fromEntries(Object.entries(options).map(([name, value]) => [urn(name), value as string])),
  );
}

/** The protocol wants a staging session even where nothing is staged: workers have their code already. */
function stageNothing(endpoint: string, stagingToken: string): Promise<void> {
  const client = new ArtifactStagingServiceClient(endpoint, grpc.credentials.createInsecure(), UNLIMITED, {});
  const call = client.reverseArtifactRetrievalService();
  return new Promise<void>((resolve, reject) => {
    call.on("data", ({ request }: ArtifactRequestWrapper) => {
      if (request.oneofKind === "resolveArtifact") {
        const { artifacts } = request.resolveArtifact;
        call.write({
          stagingToken,
          isLast: false,
          response: {
            oneofKind: "resolveArtifactResponse",
            resolveArtifactResponse: { replacements: artifacts },
          },
        });
      } else {
        reject(
          new JobError(
            "job_refused",
            `the job service asked to stage an artifact (${request.oneofKind ?? "unknown"}); workers bring their own code`,
          ),
        );
      }
    });
    call.on("error", (error) => reject(new JobError("job_refused", `staging failed: ${error.message}`)));
    call.on("end", () => resolve());
    call.write({ stagingToken, isLast: false, response: { oneofKind: undefined } });
  }).finally(() => {
    client.close();
  });
}
