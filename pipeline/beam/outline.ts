import * as pb from "apache-beam/proto/beam_runner_api";
import type { ViewLayout } from "../core/view-layout.ts";
import { DO_FN_URN } from "../harness/registry.ts";

/** What of a graph a job that is updated in place must keep, and what its body says of it: plain data. */
export interface GraphOutline {
  /** By unique name, without the insides of transforms that a runner may know. */
  readonly transforms: ReadonlyMap<string, TransformOutline>;
  /** The environments that transforms run in. */
  readonly environments: readonly EnvironmentOutline[];
}

/** One transform. Coders and windowing are text that is equal where they are: `kv(varint, bytes) in global_windows`. */
export interface TransformOutline {
  readonly urn: string;
  /** The registered DoFn; of other transforms `undefined`. */
  readonly doFn?: string;
  /** The inputs' coders and windowing, by name; names alone where a side input is read. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly sideInputs: readonly string[];
  readonly states: Readonly<Record<string, string>>;
  readonly timers: Readonly<Record<string, string>>;
  /** Of a view's windows: what their state is laid out by. */
  readonly layout?: ViewLayout;
  /** What Pub/Sub's own source reads. */
  readonly subscription?: string;
}

/** An environment: a container image, and what its workers can do. */
export interface EnvironmentOutline {
  readonly id: string;
  /** Empty where workers are no containers. */
  readonly image: string;
  readonly capabilities: readonly string[];
}

/**
 * Reads a graph's outline.
 * @param bytes a serialised `org.apache.beam.model.pipeline.v1.Pipeline`
 * @throws Error when they are none
 */
export function outlineOf(bytes: Uint8Array): GraphOutline {
  const { components, rootTransformIds } = pb.Pipeline.fromBinary(bytes);
  if (!components) throw new Error("a pipeline without components");
  const roots = rootTransformIds.map((id) => components.transforms[id]).filter((root) => root !== undefined);
  const used = new Set(Object.values(components.transforms).map(({ environmentId }) => environmentId));
  return {
    transforms: new Map(roots.map((root) => [root.uniqueName, transformOutline(root, components)])),
    environments: Object.entries(components.environments)
      .filter(([id]) => used.has(id))
      .map(([id, { urn, payload, capabilities }]) => ({
        id,
        image: urn === "beam:env:docker:v1" ? pb.DockerPayload.fromBinary(payload).containerImage : "",
        capabilities,
      })),
  };
}

function transformOutline(transform: pb.PTransform, components: pb.Components): TransformOutline {
  const { urn = "", payload = new Uint8Array() } = transform.spec ?? {};
  const coder = (id: string) => coderText(id, components);
  const inputs = Object.fromEntries(
    Object.entries(transform.inputs).map(([name, id]) => [name, collectionText(id, components)]),
  );
  const plain = { urn, inputs, sideInputs: [], states: {}, timers: {} };
  if (urn === "beam:transform:pubsub_read:v1") {
    return { ...plain, subscription: pb.PubSubReadPayload.fromBinary(payload).subscription };
  }
  if (urn !== "beam:transform:pardo:v1") return plain;
  const parDo = pb.ParDoPayload.fromBinary(payload);
  return {
    ...plain,
    ...ourDoFn(parDo),
    sideInputs: Object.keys(parDo.sideInputs).sort(),
    states: mapValues(parDo.stateSpecs, ({ spec }) => {
      if (spec.oneofKind === "bagSpec") return `bag of ${coder(spec.bagSpec.elementCoderId)}`;
      if (spec.oneofKind === "readModifyWriteSpec")
        return `value, ${coder(spec.readModifyWriteSpec.coderId)}`;
      return spec.oneofKind ?? "none";
    }),
    timers: mapValues(
      parDo.timerFamilySpecs,
      ({ timeDomain, timerFamilyCoderId }) =>
        `${pb.TimeDomain_Enum[timeDomain]}, ${coder(timerFamilyCoderId)}`,
    ),
  };
}

function ourDoFn({ doFn }: pb.ParDoPayload): Pick<TransformOutline, "doFn" | "layout"> {
  if (doFn?.urn !== DO_FN_URN) return { doFn: doFn?.urn ?? "" };
  const { name, config } = JSON.parse(new TextDecoder().decode(doFn.payload)) as {
    readonly name: string;
    readonly config?: { readonly layout?: ViewLayout };
  };
  return { doFn: name, ...(config?.layout && { layout: config.layout }) };
}

function collectionText(id: string, components: pb.Components): string {
  const { coderId = "", windowingStrategyId = "" } = components.pcollections[id] ?? {};
  const windowing = components.windowingStrategies[windowingStrategyId];
  const trigger = windowing?.trigger?.trigger.oneofKind ?? "default";
  const windows = `${shortUrn(windowing?.windowFn?.urn)}${payloadText(windowing?.windowFn?.payload)}`;
  return `${coderText(coderId, components)} in ${windows} (${trigger} trigger)`;
}

function coderText(id: string, components: pb.Components): string {
  const { spec, componentCoderIds = [] } = components.coders[id] ?? {};
  const payload = payloadText(spec?.payload);
  const parts = componentCoderIds.map((part) => coderText(part, components));
  return `${shortUrn(spec?.urn)}${payload}${parts.length > 0 ? `(${parts.join(", ")})` : ""}`;
}

/** What differs where two payloads do; nothing for none. */
function payloadText(payload: Uint8Array | undefined): string {
  return payload?.length ? `:${Buffer.from(payload).toString("base64")}` : "";
}

/** `beam:coder:varint:v1` → `varint`; others as they are. */
function shortUrn(urn = "?"): string {
  return /^beam:(?:coder|window_fn):(.+):v1$/.exec(urn)?.[1] ?? urn;
}

function mapValues<V>(from: Readonly<Record<string, V>>, text: (value: V) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, text(value)]));
}
