import type { PubsubMessage } from "../core/model.ts";
import type { Collection, Graph } from "./beam.ts";
import { parseMessages } from "./decode.ts";
import type { PacedStream } from "./pace.ts";
import { messageCoder } from "./element-coders.ts";

/** Where an event's messages come from. */
export type MessageSource =
  /** Our Pub/Sub source on Flink, supplied by the engine's expansion service. */
  | ({ readonly kind: "pubsub"; readonly expansion: string } & PubsubSourceOptions)
  /** The runner's own Pub/Sub source: Dataflow. */
  | { readonly kind: "pubsub-native"; readonly subscription: string }
  /** A recording: bounded. */
  | { readonly kind: "recording"; readonly file: string }
  /** A recording as it came, by its publish times; workers in this process. @see scriptRecording */
  | { readonly kind: "script"; readonly script: PacedStream };

export interface PubsubSourceOptions {
  /** `projects/P/subscriptions/S`. */
  readonly subscription: string;
  /** How far the watermark stays behind the oldest message that waits: covers disorder of delivery. @default 2000 */
  readonly marginMs?: number;
  /** Messages received and not yet acknowledged, a reader. @default 20000 */
  readonly maxInFlight?: number;
  /**
   * Keep the watermark still at the start for one ack deadline, as after a restore: messages that a killed reader
   * held come again, and would be late. Right where a job starts without a checkpoint on a subscription with a past.
   */
  readonly holdAtStart?: boolean;
}

const PUBSUB_SOURCE_URN = "freshet:pubsub_source:v1";

/** The messages of one event. Each element's timestamp is its publish time, and so is the watermark. */
export async function readMessages(
  graph: Graph,
  source: MessageSource,
  event: string,
): Promise<Collection<PubsubMessage>> {
  switch (source.kind) {
    case "pubsub": {
      const config = {
        subscription: source.subscription,
        margin_ms: source.marginMs ?? 2_000,
        max_in_flight: source.maxInFlight ?? 20_000,
        hold_at_start: source.holdAtStart ?? false,
      };
      const bytes = await graph.external(`${event}/read`, PUBSUB_SOURCE_URN, config, source.expansion);
      return parseMessages(graph, bytes, event);
    }
    case "pubsub-native":
      return parseMessages(graph, graph.pubsubNative(`${event}/read`, source.subscription), event);
    case "script":
      return parseMessages(graph, source.script.read(graph, `${event}/read`), event);
    case "recording": {
      const start = graph.impulse(`${event}/impulse`);
      return graph.parDo(start, `${event}/read`, {
        doFn: "read recording",
        config: { file: source.file },
        output: messageCoder,
      });
    }
  }
}
