import type { ProcessBundleDescriptor, ProcessBundleRequest } from "apache-beam/proto/beam_fn_api";
import type { MonitoringInfo } from "apache-beam/proto/metrics";
import type { CacheTokens, WorkerServices } from "./bundle.ts";
import { Bundle } from "./bundle.ts";
import type { Inbox } from "./channels/inbox.ts";
import { CoderTable } from "./coders/table.ts";
import { HarnessError, required } from "./errors.ts";
import type { BundleCallback } from "./finalization.ts";
import { commitMetrics } from "./metrics.ts";
import { elementCount, userMetrics } from "./monitoring-infos.ts";
import { makeOperator } from "./operators/make.ts";
import type { Operator } from "./operators/operator.ts";
import { Output } from "./operators/output.ts";
import { ParDo } from "./operators/par-do.ts";
import { Source } from "./operators/source.ts";

/** The operators of one descriptor. Runs one bundle at a time; bundles that run at once have a processor each. */
export class Processor {
  readonly #services: WorkerServices;
  readonly #descriptor: ProcessBundleDescriptor;
  /** Upstream before downstream. */
  readonly #operators: readonly Operator[];
  readonly #byId: ReadonlyMap<string, Operator>;
  readonly #outputs = new Map<string, Output>();
  readonly #dataUrl: string;
  #ready: Promise<void> | undefined;
  #bundle: Bundle | undefined;

  /** @throws HarnessError for a graph that this worker can't run */
  constructor(descriptor: ProcessBundleDescriptor, services: WorkerServices) {
    this.#descriptor = descriptor;
    this.#services = services;
    this.#operators = this.#build();
    this.#byId = new Map(this.#operators.map((operator) => [operator.id, operator]));
    this.#dataUrl = this.#onlyDataUrl();
  }

  /**
   * Runs a bundle to its end. Rejects with its failure; the processor is then of no more use: `abort` it.
   * @returns what shall run once the runner has made it durable
   */
  async run(instruction: string, request: ProcessBundleRequest): Promise<readonly BundleCallback[]> {
    const bundle = new Bundle(instruction, cacheTokens(request), this.#services);
    this.#bundle = bundle;
    this.#ready ??= this.#setup();
    await this.#ready;
    for (const output of this.#outputs.values()) output.count = 0;
    for (const operator of this.#operators.toReversed()) await operator.startBundle?.(bundle);
    await bundle.settle();
    const inbox = bundle.data(this.#dataUrl).inbox(instruction);
    if (request.elements) inbox.push(request.elements, 0);
    await this.#takeAll(inbox, bundle);
    for (const operator of this.#operators) {
      await operator.finishBundle?.();
      await bundle.settle();
    }
    for (const operator of this.#operators) {
      await operator.commit?.();
      await bundle.settle();
    }
    this.#end(bundle);
    for (const operator of this.#operators) {
      operator.release?.();
      if (operator.metrics) commitMetrics(operator.name, operator.metrics);
    }
    return bundle.callbacks;
  }

  /** Gives a failed bundle up: nothing more is sent for it, nothing of it is kept. */
  abort(): void {
    if (!this.#bundle) return;
    this.#end(this.#bundle);
    for (const operator of this.#operators) operator.abort?.();
  }

  /** Fails the running bundle from outside. */
  fail(error: Error): void {
    this.#bundle?.fail(error);
  }

  /** What the current, or else the last, bundle has counted. */
  monitoringInfos(): MonitoringInfo[] {
    const infos = [...this.#outputs.values()].map(({ pcollectionId, count }) =>
      elementCount(pcollectionId, count),
    );
    for (const { id, metrics } of this.#operators) if (metrics) infos.push(...userMetrics(id, metrics));
    return infos;
  }

  async #setup(): Promise<void> {
    for (const operator of this.#operators) await operator.setup?.();
  }

  /** Lets go of what user code holds. */
  async teardown(): Promise<void> {
    for (const operator of this.#operators) await operator.teardown?.();
  }

  #end(bundle: Bundle): void {
    bundle.close();
    bundle.data(this.#dataUrl).close(bundle.instruction);
  }

  /** Takes elements and timers until every source and every timer family has said that it is at its end. */
  async #takeAll(inbox: Inbox, bundle: Bundle): Promise<void> {
    const open = new Set<string>();
    for (const operator of this.#operators) {
      if (operator instanceof Source) open.add(operator.id);
      if (operator instanceof ParDo)
        for (const family of operator.timerFamilies) open.add(timersOf(operator.id, family));
    }
    while (open.size > 0) {
      const { data, timers } = await inbox.next();
      // In one message the order between elements and timers is lost. A bundle holds watermarks back until it has
      // ended, so its event-time timers were due before its elements came: an element first would be taken for on time.
      for (const { transformId, timerFamilyId, timers: block, isLast } of timers) {
        if (block.length > 0) await this.#operator(transformId, ParDo).receiveTimers(timerFamilyId, block);
        if (isLast) open.delete(timersOf(transformId, timerFamilyId));
      }
      for (const { transformId, data: block, isLast } of data) {
        if (block.length > 0) await this.#operator(transformId, Source).receive(block, bundle);
        if (isLast) open.delete(transformId);
      }
    }
  }

  #operator<T extends Operator>(id: string, kind: new (...args: never[]) => T): T {
    const operator = this.#byId.get(id);
    if (!(operator instanceof kind)) throw new HarnessError("protocol", `data for ${id}, which takes none`);
    return operator;
  }

  #build(): Operator[] {
    const { transforms } = this.#descriptor;
    const coders = new CoderTable(this.#descriptor.coders);
    const readers = new Map<string, string[]>();
    for (const [id, transform] of Object.entries(transforms)) {
      for (const pcollection of new Set(Object.values(transform.inputs))) {
        readers.set(pcollection, [...(readers.get(pcollection) ?? []), id]);
      }
    }
    const made = new Map<string, Operator>();
    const output = (pcollection: string): Output => {
      let out = this.#outputs.get(pcollection);
      if (!out) {
        out = new Output(pcollection, (readers.get(pcollection) ?? []).map(make));
        this.#outputs.set(pcollection, out);
      }
      return out;
    };
    // An operator is entered after those that read from it, so the reverse is upstream first.
    const make = (id: string): Operator => {
      let operator = made.get(id);
      if (!operator) {
        const transform = required(transforms[id], `transform ${id}`);
        operator = makeOperator({ id, transform, descriptor: this.#descriptor, coders, output });
        made.set(id, operator);
      }
      return operator;
    };
    for (const id of Object.keys(transforms)) make(id);
    return [...made.values()].reverse();
  }

  #onlyDataUrl(): string {
    const urls = new Set(
      this.#operators.filter((operator) => operator instanceof Source).map(({ dataUrl }) => dataUrl),
    );
    const [url] = urls;
    if (url === undefined || urls.size > 1) {
      throw new HarnessError(
        "unsupported",
        `a bundle with ${urls.size} data endpoints (${[...urls].join(", ")})`,
      );
    }
    return url;
  }
}

function timersOf(transformId: string, family: string): string {
  return `${transformId}\0${family}`;
}

function cacheTokens(request: ProcessBundleRequest): CacheTokens {
  let userState: string | undefined;
  const sideInputs = new Map<string, string>();
  for (const { type, token } of request.cacheTokens) {
    const text = Buffer.from(token).toString("latin1");
    if (type.oneofKind === "userState") userState = text;
    if (type.oneofKind === "sideInput") {
      sideInputs.set(`${type.sideInput.transformId}\0${type.sideInput.sideInputId}`, text);
    }
  }
  return { userState, sideInputs };
}
