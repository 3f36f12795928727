import * as grpc from "@grpc/grpc-js";
import type { StartWorkerRequest, StopWorkerRequest } from "apache-beam/proto/beam_fn_api";
import { beamFnExternalWorkerPoolDefinition } from "apache-beam/proto/beam_fn_api.grpc-server";
import { CHANNEL_OPTIONS } from "./channels/connect.ts";
import { provisionInfo } from "./channels/provision.ts";
import { required } from "./errors.ts";
import { log } from "./log.ts";
import type { WorkerOptions } from "./worker.ts";
import { Worker } from "./worker.ts";

export interface WorkerPoolOptions extends Pick<WorkerOptions, "cacheBytes" | "highWaterBytes" | "now"> {
  /** Where to listen, `host:port`; port 0 takes a free one. @default "127.0.0.1:0" */
  readonly address?: string;
}

/** A service that a runner asks for workers; they run in this process. */
export interface WorkerPool {
  /** `host:port`, what the graph's environment names. */
  readonly address: string;
  /** The workers that run now. */
  readonly workers: ReadonlyMap<string, Worker>;
  /** Ends all workers and the service. */
  stop(): Promise<void>;
}

/** How long a runner may take to describe itself to a new worker. */
const PROVISION_TIMEOUT_MS = 5_000;

/**
 * Starts a worker pool, for graphs whose environment is EXTERNAL (`beam:env:external:v1`) or LOOPBACK.
 * @throws Error when the address can't be listened on
 */
export async function startWorkerPool(options: WorkerPoolOptions = {}): Promise<WorkerPool> {
  const { address = "127.0.0.1:0", ...workerOptions } = options;
  const workers = new Map<string, Worker>();

  const start = async (request: StartWorkerRequest): Promise<void> => {
    const id = request.workerId;
    await workers.get(id)?.stop(); // a restarted job asks for the same id again
    const worker = new Worker({
      ...workerOptions,
      id,
      controlEndpoint: required(request.controlEndpoint, "control endpoint").url,
      loggingEndpoint: request.loggingEndpoint?.url,
      runnerCapabilities: await capabilities(request),
    });
    workers.set(id, worker);
    const remove = () => {
      if (workers.get(id) === worker) workers.delete(id);
    };
    worker.finished.then(remove, remove);
  };

  const server = new grpc.Server(CHANNEL_OPTIONS);
  server.addService(beamFnExternalWorkerPoolDefinition, {
    startWorker: unary((request: StartWorkerRequest) => start(request)),
    stopWorker: unary(async ({ workerId }: StopWorkerRequest) => {
      await workers.get(workerId)?.retire();
    }),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return {
    address: address.replace(/:\d+$/, `:${port}`),
    workers,
    async stop() {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
      server.forceShutdown();
    },
  };
}

/** The Fn API's pool answers failures in the response, not as a status. */
function unary<Q>(handle: (request: Q) => Promise<void>): grpc.handleUnaryCall<Q, { error: string }> {
  return ({ request }, callback) => {
    handle(request).then(
      () => {
        callback(null, { error: "" });
      },
      (error: unknown) => {
        callback(null, { error: String(error) });
      },
    );
  };
}

async function capabilities({ provisionEndpoint, workerId }: StartWorkerRequest): Promise<readonly string[]> {
  if (!provisionEndpoint?.url) return [];
  try {
    return (await provisionInfo(provisionEndpoint.url, workerId, PROVISION_TIMEOUT_MS)).runnerCapabilities;
  } catch (error) {
    log.warn(`worker ${workerId} starts without knowing the runner's capabilities: ${String(error)}`);
    return [];
  }
}
