/**
 * The one door to apache-beam's graph construction. Everything here builds protos: transforms carry the names
 * and JSON configuration of registered DoFns, so nothing is pickled, and every name is given, since streaming
 * updates depend on names.
 *
 * `any` is allowed in this file only: the package's own types do not expose what graph construction needs.
 */
import "./node-compat.ts";
import "apache-beam";
import { Pipeline } from "apache-beam/internal/pipeline";
import * as pb from "apache-beam/proto/beam_runner_api";
import { P, type PCollection, Root } from "apache-beam/pvalue";
import { rawExternalTransform } from "apache-beam/transforms/external";
import { withName } from "apache-beam/transforms/transform";
import { WORKER_CAPABILITIES } from "../harness/capabilities.ts";
import type { Coder } from "../harness/coders.ts";
import { bytesCoder, iterableCoder, kvCoder, varintCoder } from "../harness/coders.ts";
import { combineFnPayload, COMBINE_FN_URN } from "../harness/registry.ts";
import { environmentPayload, type WorkerEnvironment } from "./environment.ts";
import { type ParDoPayloadSpec, parDoPayload } from "./par-do-payload.ts";
import { RESHUFFLE } from "./reshuffle.ts";
import { firingAlways, type Windowing } from "./windowing.ts";

/** A collection of elements of type `T`; `coder` is how they are written when they leave a worker. */
export interface Collection<T> {
  readonly pcollection: PCollection<T>;
  readonly coder: Coder<T>;
  readonly bounded: boolean;
}

/** A graph under construction. */
export class Graph {
  readonly #pipeline = new Pipeline();
  readonly #root = new Root(this.#pipeline);
  #externals = 0;

  /** The finished graph, to run in workers of `environment`. */
  toProto(environment: WorkerEnvironment): pb.Pipeline {
    const proto = pb.Pipeline.clone(this.#pipeline.getProto());
    proto.components!.environments[this.#pipeline.defaultEnvironment] = pb.Environment.create({
      ...environmentPayload(environment),
      capabilities: [...WORKER_CAPABILITIES],
    });
    return proto;
  }

  /** The same, serialised: equal graphs are equal bytes. */
  toBytes(environment: WorkerEnvironment): Uint8Array {
    return pb.Pipeline.toBinary(this.toProto(environment));
  }

  /** One empty element at the beginning of time: where bounded graphs and looping timers start. */
  impulse(name: string): Collection<Uint8Array> {
    return this.#source(
      name,
      { urn: "beam:transform:impulse:v1", payload: new Uint8Array() },
      bytesCoder,
      true,
    );
  }

  /** Pub/Sub as Dataflow reads it itself: bytes of a `google.pubsub.v1.PubsubMessage`, watermark by publish time. */
  pubsubNative(name: string, subscription: string): Collection<Uint8Array> {
    const payload = pb.PubSubReadPayload.toBinary(
      pb.PubSubReadPayload.create({ subscription, withAttributes: true }),
    );
    return this.#source(name, { urn: "beam:transform:pubsub_read:v1", payload }, bytesCoder, false);
  }

  /** A scripted stream of elements, watermarks and processing time. @see beam:transform:teststream:v1 */
  testStream<T>(name: string, coder: Coder<T>, events: readonly pb.TestStreamPayload_Event[]): Collection<T> {
    const payload = pb.TestStreamPayload.toBinary(
      pb.TestStreamPayload.create({ coderId: this.#coderId(coder), events: [...events] }),
    );
    return this.#source(name, { urn: "beam:transform:teststream:v1", payload }, coder, false);
  }

  /** A transform that a Java expansion service supplies; its one output is bytes. */
  async external(
    name: string,
    urn: string,
    config: object,
    expansion: string,
  ): Promise<Collection<Uint8Array>> {
    const transform = rawExternalTransform(urn, config, expansion);
    // The package numbers namespaces through the process. Numbered through the graph, the same graph gets the same
    // names each time it is built, and a restored job finds its operators again.
    const counted = transform.constructor as unknown as { namespaceCounter: number };
    counted.namespaceCounter = this.#externals;
    this.#externals += 100;
    const expand = (_root: any, pipeline: any, proto: any) =>
      (transform as any).expandInternalAsync(_root, pipeline, proto) as Promise<PCollection<Uint8Array>>;
    const pcollection = (await (this.#root as any).applyAsync(
      withName(name, expand as any),
    )) as PCollection<Uint8Array>;
    return { pcollection, coder: bytesCoder, bounded: false };
  }

  /** Applies a registered DoFn. The main output comes back with the tagged ones in `tags`. */
  parDo<I, O, T extends Record<string, unknown> = Record<never, never>>(
    input: Collection<I>,
    name: string,
    spec: ParDoSpec<O, T>,
  ): Tagged<O, T> {
    return this.#parDo(input, name, spec, this.#windowingOf(input));
  }

  #parDo<I, O, T extends Record<string, unknown>>(
    input: Collection<I>,
    name: string,
    spec: ParDoSpec<O, T>,
    windowing: string,
  ): Tagged<O, T> {
    const sides = Object.entries(spec.sideInputs ?? {});
    const source = sides.length
      ? P({
          main: input.pcollection,
          ...Object.fromEntries(sides.map(([k, side]) => [k, side.pcollection])),
        } as any)
      : input.pcollection;
    const outputs = this.#apply<Record<string, PCollection<any>>>(source, name, (proto) => {
      proto.spec = {
        urn: "beam:transform:pardo:v1",
        payload: pb.ParDoPayload.toBinary(parDoPayload(spec, (coder) => this.#coderId(coder))),
      };
      if (spec.states ?? spec.timers) this.#require("beam:requirement:pardo:stateful:v1");
      if (spec.finalizes) this.#require("beam:requirement:pardo:finalization:v1");
      const make = (coder: Coder<any>) => this.#collection(coder, windowing, input.bounded);
      const tags = Object.entries<Coder<any>>(spec.tags ?? ({} as any)).map(([tag, coder]) => [
        tag,
        make(coder),
      ]);
      return { main: make(spec.output), ...Object.fromEntries(tags) } as Record<string, PCollection<any>>;
    });
    const tagged = Object.entries<Coder<any>>(spec.tags ?? ({} as any)).map(([tag, coder]) => [
      tag,
      { pcollection: outputs[tag]!, coder, bounded: input.bounded },
    ]);
    return {
      pcollection: outputs["main"]!,
      coder: spec.output,
      bounded: input.bounded,
      tags: Object.fromEntries(tagged),
    };
  }

  /** All inputs in one; they must share a coder. */
  flatten<T>(inputs: readonly [Collection<T>, ...Collection<T>[]], name: string): Collection<T> {
    const bounded = inputs.every((input) => input.bounded);
    const [first] = inputs;
    const windowing = this.#windowingOf(first);
    const pcollection = this.#apply<PCollection<T>>(
      P(inputs.map((input) => input.pcollection) as any),
      name,
      (proto) => {
        proto.spec = { urn: "beam:transform:flatten:v1", payload: new Uint8Array() };
        proto.environmentId = "";
        return this.#collection(first.coder, windowing, bounded);
      },
    );
    return { pcollection, coder: first.coder, bounded };
  }

  /** Groups the values of each key and window. */
  groupByKey<K, V>(
    input: Collection<KV<K, V>>,
    name: string,
    key: Coder<K>,
    value: Coder<V>,
  ): Collection<KV<K, readonly V[]>> {
    const output = kvCoder(key, iterableCoder(value)) as Coder<KV<K, readonly V[]>>;
    return this.#runnerTransform(input, name, "beam:transform:group_by_key:v1", output);
  }

  /** Puts each element into the windows that hold its timestamp. @see windowing.ts for strategies */
  windowInto<T>(input: Collection<T>, name: string, { windowCoder, strategy }: Windowing): Collection<T> {
    const windowCoderId = this.#coderId(windowCoder);
    const windowing = this.#pipeline.context.getWindowingStrategyId({ ...strategy, windowCoderId });
    return this.#window(input, name, windowing, strategy.windowFn);
  }

  /** Puts each element into the global window. */
  windowGlobally<T>(input: Collection<T>, name: string): Collection<T> {
    const windowing = (this.#pipeline as any).globalWindowing as string;
    return this.#window(input, name, windowing, this.#strategy(windowing).windowFn);
  }

  #window<T>(
    input: Collection<T>,
    name: string,
    windowing: string,
    windowFn: pb.FunctionSpec | undefined,
  ): Collection<T> {
    const payload = pb.WindowIntoPayload.toBinary(
      pb.WindowIntoPayload.create({ ...(windowFn && { windowFn }) }),
    );
    const pcollection = this.#apply<PCollection<T>>(input.pcollection, name, (proto) => {
      proto.spec = { urn: "beam:transform:window_into:v1", payload };
      return this.#collection(input.coder, windowing, input.bounded);
    });
    return { pcollection, coder: input.coder, bounded: input.bounded };
  }

  /**
   * Redistributes elements and checkpoints them: what follows doesn't fuse with what came before. Flink knows a
   * transform of its own for it; a runner without one (Dataflow) runs what stands inside: a key for each element, a
   * grouping that fires for each element, and the elements again, as they were. In the global window only.
   */
  reshuffle<T>(input: Collection<T>, name: string): Collection<T> {
    const stamped = kvCoder(varintCoder, input.coder) as Coder<KV<number, T>>;
    const keyed = kvCoder(varintCoder, stamped) as Coder<KV<number, KV<number, T>>>;
    const windowing = this.#windowingOf(input);
    const pcollection = this.#apply<PCollection<T>>(input.pcollection, name, (proto) => {
      proto.spec = { urn: "beam:transform:reshuffle:v1", payload: new Uint8Array() };
      proto.environmentId = "";
      const spread = this.#parDo<T, KV<number, KV<number, T>>, Record<never, never>>(
        input,
        "spread",
        { doFn: RESHUFFLE.spread, output: keyed },
        this.#pipeline.context.getWindowingStrategyId(firingAlways(this.#strategy(windowing))),
      );
      const grouped = this.groupByKey(spread, "group", varintCoder as Coder<number>, stamped);
      const gather = { doFn: RESHUFFLE.gather, output: input.coder };
      return this.#parDo(grouped, "gather", gather, windowing).pcollection;
    });
    return { pcollection, coder: input.coder, bounded: input.bounded };
  }

  /**
   * Combines the values of each key with a registered CombineFn, partly before the shuffle. Spelled out in its
   * four steps, since Flink's streaming translation does not lift and takes primitives only.
   */
  combinePerKey<K, I, A, O>(
    input: Collection<KV<K, I>>,
    name: string,
    spec: CombineSpec<K, A, O>,
  ): Collection<KV<K, O>> {
    const partial = kvCoder(spec.key, spec.accumulator) as Coder<KV<K, A>>;
    const step = <X, Y>(from: Collection<X>, which: string, coder: Coder<Y>): Collection<Y> => {
      const payload = pb.CombinePayload.toBinary({
        combineFn: { urn: COMBINE_FN_URN, payload: combineFnPayload(spec.combineFn, spec.config) },
        accumulatorCoderId: this.#coderId(spec.accumulator),
      });
      const urn = `beam:transform:combine_per_key_${which}:v1`;
      const pcollection = this.#apply<PCollection<Y>>(from.pcollection, `${name}/${which}`, (proto) => {
        proto.spec = { urn, payload };
        return this.#collection(coder, this.#windowingOf(from), from.bounded);
      });
      return { pcollection, coder, bounded: from.bounded };
    };
    const lifted = step(input, "precombine", partial);
    const grouped = this.groupByKey(lifted, `${name}/group`, spec.key, spec.accumulator);
    const merged = step(grouped, "merge_accumulators", partial);
    return step(merged, "extract_outputs", kvCoder(spec.key, spec.output) as Coder<KV<K, O>>);
  }

  #source<T>(name: string, spec: pb.FunctionSpec, coder: Coder<T>, bounded: boolean): Collection<T> {
    const windowing = (this.#pipeline as any).globalWindowing as string;
    const pcollection = this.#apply<PCollection<T>>(this.#root, name, (proto) => {
      proto.spec = spec;
      proto.environmentId = "";
      return this.#collection(coder, windowing, bounded);
    });
    return { pcollection, coder, bounded };
  }

  #runnerTransform<I, O>(input: Collection<I>, name: string, urn: string, coder: Coder<O>): Collection<O> {
    const pcollection = this.#apply<PCollection<O>>(input.pcollection, name, (proto) => {
      proto.spec = { urn, payload: new Uint8Array() };
      proto.environmentId = "";
      return this.#collection(coder, this.#windowingOf(input), input.bounded);
    });
    return { pcollection, coder, bounded: input.bounded };
  }

  #apply<R>(input: any, name: string, expand: (proto: pb.PTransform) => unknown): R {
    return input.apply(
      withName(name, ((_input: any, _pipeline: any, proto: pb.PTransform) => expand(proto)) as any),
    ) as R;
  }

  // Given outright: the package derives both from all inputs, and throws where a side input's differ.
  #collection<T>(coder: Coder<T>, windowing: string, bounded: boolean): PCollection<T> {
    const kind = bounded ? pb.IsBounded_Enum.BOUNDED : pb.IsBounded_Enum.UNBOUNDED;
    return this.#pipeline.createPCollectionInternal(coder as any, windowing, kind);
  }

  #windowingOf(input: Collection<any>): string {
    const proto = this.#pipeline.getProto().components!.pcollections[input.pcollection.getId()];
    return proto!.windowingStrategyId;
  }

  #strategy(windowing: string): pb.WindowingStrategy {
    return this.#pipeline.getProto().components!.windowingStrategies[windowing]!;
  }

  #coderId(coder: Coder<any>): string {
    return this.#pipeline.context.getCoderId(coder as any);
  }

  #require(requirement: string): void {
    const { requirements } = this.#pipeline.getProto();
    if (!requirements.includes(requirement)) requirements.push(requirement);
  }
}

export interface KV<K, V> {
  readonly key: K;
  readonly value: V;
}

/** A main output with the tagged ones. */
export type Tagged<O, T extends Record<string, unknown>> = Collection<O> & {
  readonly tags: { readonly [K in keyof T]: Collection<T[K]> };
};

/** A ParDo: what its graph carries, and what comes out of it. */
export interface ParDoSpec<
  O,
  T extends Record<string, unknown> = Record<never, never>,
> extends ParDoPayloadSpec {
  readonly output: Coder<O>;
  readonly tags?: { readonly [K in keyof T]: Coder<T[K]> };
  readonly sideInputs?: Readonly<Record<string, Collection<any>>>;
}

export interface CombineSpec<K, A, O> {
  readonly combineFn: string;
  readonly config?: unknown;
  readonly key: Coder<K>;
  readonly accumulator: Coder<A>;
  readonly output: Coder<O>;
}
