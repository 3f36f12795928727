import type { ProcessBundleDescriptor } from "apache-beam/proto/beam_fn_api";
import { ProcessBundleDescriptor as Descriptor, RemoteGrpcPort } from "apache-beam/proto/beam_fn_api";
import type { OutputTime_Enum } from "apache-beam/proto/beam_runner_api";
import * as pb from "apache-beam/proto/beam_runner_api";
import { type StateSpec, stateSpecProto } from "../../pipeline/beam/state-spec.ts";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import type { Coder } from "../../pipeline/harness/coders.ts";
import {
  globalWindowCoder,
  timerCoder,
  varintCoder,
  windowedValueCoder,
} from "../../pipeline/harness/coders.ts";
import { COMBINE_FN_URN, combineFnPayload, DO_FN_URN, doFnPayload } from "../../pipeline/harness/registry.ts";
import { GLOBAL_WINDOWS, NO_FIRING } from "../../pipeline/harness/windowed-value.ts";
import type { TimerData, Window, WindowedValue } from "../../pipeline/harness/windowed-value.ts";
import type { FakeBundle } from "../support/fake-bundle.ts";
import type { FakeRunner } from "../support/fake-runner.ts";

/** A PCollection of a stage under construction. */
export interface Collection {
  readonly id: string;
  readonly coder: Coder<unknown>;
  readonly window: Coder<Window>;
}

export interface ParDoSpec {
  readonly doFn: string;
  readonly config?: unknown;
  /** Of the main output. @default varintCoder */
  readonly output?: Coder<unknown>;
  /** Coders of the additional outputs. */
  readonly tags?: Readonly<Record<string, Coder<unknown>>>;
  readonly states?: Readonly<Record<string, StateSpec>>;
  readonly timers?: Readonly<Record<string, { domain: "event" | "processing"; key: Coder<unknown> }>>;
  readonly sideInputs?: Readonly<Record<string, Collection>>;
  readonly finalizes?: boolean;
}

/** Builds the descriptor of a bundle, as a runner would, with all services at one fake runner. */
export class Stage {
  readonly descriptor: ProcessBundleDescriptor;
  readonly #runner: FakeRunner;
  #next = 0;

  constructor(runner: FakeRunner, id = "stage") {
    const url = { url: runner.url };
    this.#runner = runner;
    this.descriptor = Descriptor.create({
      id,
      stateApiServiceDescriptor: url,
      timerApiServiceDescriptor: url,
    });
    runner.descriptors.set(id, this.descriptor);
  }

  /** Where elements come in; the transform's id is `source`, or the given name. */
  source(coder: Coder<unknown>, window: Coder<Window> = globalWindowCoder, id = "source"): Collection {
    const output = this.collection(coder, window);
    this.#transform(id, "beam:runner:source:v1", this.#port(output), {}, { out: output });
    return output;
  }

  /** Where elements go out; the transform's id is `sink`, or the given name. */
  sink(input: Collection, id = "sink"): void {
    this.#transform(id, "beam:runner:sink:v1", this.#port(input), { in: input }, {});
  }

  /** Applies a registered DoFn; its main output, and the additional ones under `tags`. */
  parDo<T extends string = never>(
    input: Collection,
    id: string,
    spec: ParDoSpec & { readonly tags?: Readonly<Record<T, Coder<unknown>>> },
  ): Collection & { readonly tags: Readonly<Record<T, Collection>> } {
    const payload = pb.ParDoPayload.create({
      doFn: { urn: DO_FN_URN, payload: doFnPayload(spec.doFn, spec.config) },
      requestsFinalization: spec.finalizes ?? false,
    });
    for (const [name, state] of Object.entries(spec.states ?? {})) {
      payload.stateSpecs[name] = pb.StateSpec.create({
        spec: stateSpecProto(state, this.getCoderId(state.coder)),
      });
    }
    for (const [name, { domain, key }] of Object.entries(spec.timers ?? {})) {
      payload.timerFamilySpecs[name] = {
        timeDomain: domain === "event" ? pb.TimeDomain_Enum.EVENT_TIME : pb.TimeDomain_Enum.PROCESSING_TIME,
        timerFamilyCoderId: this.getCoderId(timerCoder(key, input.window)),
      };
    }
    for (const name of Object.keys(spec.sideInputs ?? {})) {
      payload.sideInputs[name] = pb.SideInput.create({
        accessPattern: { urn: "beam:side_input:iterable:v1" },
      });
    }
    const main = this.collection(spec.output ?? varintCoder, input.window);
    const tags = Object.fromEntries(
      Object.entries<Coder<unknown>>(spec.tags ?? {}).map(([tag, coder]) => [
        tag,
        this.collection(coder, input.window),
      ]),
    ) as Record<T, Collection>;
    const inputs = { in: input, ...spec.sideInputs };
    this.#transform(id, "beam:transform:pardo:v1", pb.ParDoPayload.toBinary(payload), inputs, {
      main,
      ...tags,
    });
    return { ...main, tags };
  }

  /** A step of a lifted combine, `precombine` for instance. */
  combine(input: Collection, step: string, combineFn: string, coder: Coder<unknown>): Collection {
    const output = this.collection(coder, input.window);
    const payload = pb.CombinePayload.toBinary({
      combineFn: { urn: COMBINE_FN_URN, payload: combineFnPayload(combineFn) },
      accumulatorCoderId: "",
    });
    this.#transform(step, `beam:transform:${step}:v1`, payload, { in: input }, { out: output });
    return output;
  }

  /** Any other transform of one output. */
  plain(
    id: string,
    urn: string,
    inputs: readonly Collection[],
    payload: Uint8Array = new Uint8Array(),
  ): Collection {
    const [first] = inputs;
    if (!first) throw new Error("a transform needs an input");
    const output = this.collection(first.coder, first.window);
    this.#transform(id, urn, payload, Object.fromEntries(inputs.map((input, i) => [String(i), input])), {
      out: output,
    });
    return output;
  }

  /** A PCollection that no transform of the stage makes: a side input. */
  collection(
    coder: Coder<unknown>,
    window: Coder<Window> = globalWindowCoder,
    outputTime?: OutputTime_Enum,
  ): Collection {
    const id = `pc${this.#next++}`;
    const strategy = `windowing of ${id}`;
    const windowing = pb.WindowingStrategy.create({ windowCoderId: this.getCoderId(window) });
    if (outputTime !== undefined) windowing.outputTime = outputTime;
    this.descriptor.windowingStrategies[strategy] = windowing;
    this.descriptor.pcollections[id] = pb.PCollection.create({
      uniqueName: id,
      coderId: this.getCoderId(coder),
      windowingStrategyId: strategy,
    });
    return { id, coder, window };
  }

  getCoderId(coder: Coder<unknown>): string {
    const id = `coder${Object.keys(this.descriptor.coders).length}`;
    this.descriptor.coders[id] = { componentCoderIds: [] }; // takes the id before its components do
    this.descriptor.coders[id] = coder.toProto(this);
    return id;
  }

  #port(collection: Collection): Uint8Array {
    const coderId = this.getCoderId(windowedValueCoder(collection.coder, collection.window));
    return RemoteGrpcPort.toBinary({ apiServiceDescriptor: pbUrl(this.#runner.url), coderId });
  }

  #transform(
    id: string,
    urn: string,
    payload: Uint8Array,
    inputs: Readonly<Record<string, Collection>>,
    outputs: Readonly<Record<string, Collection>>,
  ): void {
    const ids = (collections: Readonly<Record<string, Collection>>) =>
      Object.fromEntries(Object.entries(collections).map(([name, collection]) => [name, collection.id]));
    this.descriptor.transforms[id] = pb.PTransform.create({
      uniqueName: `graph/${id}`,
      spec: { urn, payload },
      inputs: ids(inputs),
      outputs: ids(outputs),
    });
  }
}

function pbUrl(url: string): NonNullable<RemoteGrpcPort["apiServiceDescriptor"]> {
  return { url };
}

/** The stage `source → the DoFn → sink`, of numbers. */
export function oneDoFn(
  runner: FakeRunner,
  doFn: string,
  config?: unknown,
): { input: Collection; output: Collection } {
  const stage = new Stage(runner);
  const input = stage.source(varintCoder);
  const output = stage.parDo(input, doFn, { doFn, config });
  stage.sink(output);
  return { input, output };
}

/** Elements of these values. */
export function numbers(...list: readonly number[]): WindowedValue<number>[] {
  return list.map((n) => element(n));
}

/** An element in the global window at time 0, unless `at` says otherwise. */
export function element<T>(value: T, at: Partial<WindowedValue<T>> = {}): WindowedValue<T> {
  return { value, timestamp: 0, windows: GLOBAL_WINDOWS, pane: NO_FIRING, ...at };
}

/** Elements of a PCollection, as they cross the wire; plain values are wrapped by `element`. */
export function encode(collection: Collection, elements: readonly WindowedValue[]): Uint8Array {
  const coder = windowedValueCoder(collection.coder, collection.window);
  const writer = new Writer();
  for (const one of elements) coder.encode(one, writer, true);
  return writer.take();
}

/** What a bundle sent to a sink. */
export function received(bundle: FakeBundle, collection: Collection, sink = "sink"): WindowedValue[] {
  const coder = windowedValueCoder(collection.coder, collection.window);
  return (bundle.out.get(sink) ?? []).flatMap((block) => {
    const reader = new Reader(block);
    const elements: WindowedValue[] = [];
    while (!reader.done) elements.push(coder.decode(reader, true));
    return elements;
  });
}

/** The values alone. */
export function values(bundle: FakeBundle, collection: Collection, sink = "sink"): unknown[] {
  return received(bundle, collection, sink).map(({ value }) => value);
}

/** A timer that the runner fires: hold as fire, in the global window, unless `at` says otherwise. */
export function fired<K>(key: K, fireMs: number, at: Partial<TimerData<K>> = {}): TimerData<K> {
  return {
    key,
    tag: "",
    windows: GLOBAL_WINDOWS,
    clear: false,
    fireMs,
    holdMs: fireMs,
    pane: NO_FIRING,
    ...at,
  };
}

export function encodeTimers<K>(
  key: Coder<K>,
  timers: readonly TimerData<K>[],
  window = globalWindowCoder,
): Uint8Array {
  const writer = new Writer();
  for (const timer of timers) timerCoder(key, window).encode(timer, writer, true);
  return writer.take();
}

/** Timers that a bundle set or cleared. */
export function setTimers<K>(
  bundle: FakeBundle,
  id: string,
  key: Coder<K>,
  window = globalWindowCoder,
): TimerData<K>[] {
  return (bundle.timers.get(id) ?? []).flatMap((block) => {
    const reader = new Reader(block);
    const timers: TimerData<K>[] = [];
    while (!reader.done) timers.push(timerCoder(key, window).decode(reader, true));
    return timers;
  });
}
