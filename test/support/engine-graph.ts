/** Graphs on a real engine, for tests: what goes in, what came out, and DoFns that stand where they are used. */
import * as grpc from "@grpc/grpc-js";
import type { GetJobMetricsResponse } from "apache-beam/proto/beam_job_api";
import { JobServiceClient } from "apache-beam/proto/beam_job_api.grpc-client";
import type { TestStreamPayload_Event } from "apache-beam/proto/beam_runner_api";
import { type Collection, Graph } from "../../pipeline/beam/beam.ts";
import { type JobOptions, submit } from "../../pipeline/beam/job.ts";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import { type BackPressure, sumOfBackPressure } from "../../pipeline/harness/channels/back-pressure.ts";
import { bytesCoder, type Coder, kvCoder, utf8Coder, varintCoder } from "../../pipeline/harness/coders.ts";
import type { CombineFn, DoFn } from "../../pipeline/harness/dofn.ts";
import { registerCombineFn, registerDoFn } from "../../pipeline/harness/registry.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import {
  startWorkerPool,
  type WorkerPool,
  type WorkerPoolOptions,
} from "../../pipeline/harness/worker-pool.ts";

/** An element that a graph starts from, as JSON can carry it. */
export interface Given<T> {
  readonly value: T;
  /** Event time, epoch ms. */
  readonly at: number;
}

/** An element that came out of a graph. */
export interface Seen<T> {
  readonly value: T;
  readonly at: number;
}

/** A user metric as the job service reports it. */
export interface ReportedMetric {
  readonly urn: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A counter's total; a distribution's count, sum, least and greatest. */
  readonly values: readonly (number | bigint)[];
}

/** A number of a key. */
export type Count = KV<string, number | bigint>;
export const counts = kvCoder(utf8Coder, varintCoder);

/** An element to start from, whose instant doesn't matter. */
export const at0 = <T>(value: T): Given<T> => ({ value, at: 0 });

const TEST_STREAM_END = 9_223_372_036_854_775n;
const lists = new Map<string, Seen<unknown>[]>();
let names = 0;

registerDoFn("test: given", ({ elements }: { elements: readonly Given<unknown>[] }): DoFn => ({
  process(_impulse, context) {
    for (const { value, at } of elements) context.emit(value, { timestamp: at });
  },
}));

registerDoFn("test: collect", ({ list }: { list: string }): DoFn => ({
  process(value, context) {
    lists.get(list)?.push({ value, at: context.timestamp });
  },
}));

/** Registers a DoFn under a name of its own, and returns the name. */
export function doFn<I, O>(factory: () => DoFn<I, O>): string {
  const name = `test: DoFn ${names++}`;
  registerDoFn(name, factory);
  return name;
}

/** The same for a CombineFn. */
export function combineFn<I, A, O>(factory: () => CombineFn<I, A, O>): string {
  const name = `test: CombineFn ${names++}`;
  registerCombineFn(name, factory);
  return name;
}

/** These elements, in this order, in one bundle; the watermark then jumps from the beginning of time to its end. */
export function given<T>(
  graph: Graph,
  name: string,
  coder: Coder<T>,
  elements: readonly Given<T>[],
): Collection<T> {
  const impulse = graph.impulse(`${name}/impulse`);
  return graph.parDo(impulse, name, { doFn: "test: given", config: { elements }, output: coder });
}

/** Gathers what comes out, in the order in which it comes: a list that fills while the graph runs. */
export function collect<T>(graph: Graph, input: Collection<T>, name = "collect"): readonly Seen<T>[] {
  const list = `list ${names++}`;
  const seen: Seen<T>[] = [];
  lists.set(list, seen);
  graph.parDo(input, name, { doFn: "test: collect", config: { list }, output: bytesCoder });
  return seen;
}

/** The values alone. */
export function valuesOf<T>(seen: readonly Seen<T>[]): T[] {
  return seen.map(({ value }) => value);
}

/** An event of a test stream: one element. */
export function arrives<T>(coder: Coder<T>, value: T, at: number): TestStreamPayload_Event {
  const encoded = new Writer();
  coder.encode(value, encoded, false);
  const element = { encodedElement: encoded.take(), timestamp: BigInt(at) };
  return { event: { oneofKind: "elementEvent", elementEvent: { elements: [element], tag: "" } } };
}

/** An event of a test stream: event time has come so far. */
export function watermark(at: number | "end"): TestStreamPayload_Event {
  const newWatermark = at === "end" ? TEST_STREAM_END : BigInt(at);
  return { event: { oneofKind: "watermarkEvent", watermarkEvent: { newWatermark, tag: "" } } };
}

/** An engine and a pool of workers in this process. */
export class TestEngine {
  readonly pool: WorkerPool;
  readonly #jobService: string;

  private constructor(jobService: string, pool: WorkerPool) {
    this.#jobService = jobService;
    this.pool = pool;
  }

  /** @param jobService `host:port` of an engine that runs; @param options of the workers */
  static async start(jobService: string, options: WorkerPoolOptions = {}): Promise<TestEngine> {
    return new TestEngine(jobService, await startWorkerPool(options));
  }

  /** What all workers of the pool have seen of back-pressure so far. */
  get backPressure(): BackPressure {
    return sumOfBackPressure([...this.pool.workers.values()].map((worker) => worker.backPressure));
  }

  /**
   * Runs a graph to its end, and returns what `build` made and the job's id.
   * @throws JobError
   */
  async run<T>(
    build: (graph: Graph) => T,
    options: JobOptions = {},
  ): Promise<{ readonly made: T; readonly jobId: string }> {
    const graph = new Graph();
    const made = build(graph);
    const proto = graph.toProto({ kind: "external", pool: this.pool.address });
    const defaults = { streaming: true, parallelism: 1 };
    const job = await submit(proto, this.#jobService, "worker-test", { ...defaults, ...options });
    try {
      await job.done();
      return { made, jobId: job.id };
    } finally {
      job.close();
    }
  }

  /** The user metrics that the job service knows of a job. */
  async userMetrics(jobId: string): Promise<ReportedMetric[]> {
    const client = new JobServiceClient(this.#jobService, grpc.credentials.createInsecure(), {}, {});
    try {
      const { metrics } = await new Promise<GetJobMetricsResponse>((resolve, reject) => {
        client.getJobMetrics({ jobId }, (error, response) => {
          if (error ?? !response) reject(error ?? new Error("no answer"));
          else resolve(response);
        });
      });
      return (metrics?.attempted ?? [])
        .filter(({ urn }) => urn.startsWith("beam:metric:user:"))
        .map(({ urn, labels, payload }) => ({ urn, labels, values: varints(payload) }));
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    await this.pool.stop();
  }
}

function varints(payload: Uint8Array): (number | bigint)[] {
  const reader = new Reader(payload);
  const values: (number | bigint)[] = [];
  while (!reader.done) values.push(reader.varint());
  return values;
}
