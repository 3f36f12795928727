import { DECODE_REASONS } from "../core/conservation.ts";
import { createDecoder, isDeadLetter } from "../core/decode.ts";
import type { DeadLetter, DeadLetterReason, DecodedEvent, PubsubMessage } from "../core/model.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";
import type { Collection, Graph } from "./beam.ts";
import type { Registry } from "../define/index.ts";
import { deadLetterCoder, decodedEventCoder, messageCoder } from "./element-coders.ts";
import { decodePubsubMessage } from "./pubsub-message.ts";

/** Messages, from the bytes that a Pub/Sub source emits. */
export function parseMessages(
  graph: Graph,
  bytes: Collection<Uint8Array>,
  event: string,
): Collection<PubsubMessage> {
  return graph.parDo(bytes, `${event}/parse`, { doFn: "parse message", output: messageCoder });
}

/**
 * Messages to events. What can't be decoded is a dead letter, in the same bundle, and nothing stops. An event goes
 * on at its event time: from here on, timestamps are the data's, and the watermark is Pub/Sub's.
 */
export function decodeMessages(graph: Graph, messages: Collection<PubsubMessage>, event: string) {
  return graph.parDo<PubsubMessage, DecodedEvent, { dead_letters: DeadLetter }>(messages, `${event}/decode`, {
    doFn: "decode",
    config: { event },
    output: decodedEventCoder,
    tags: { dead_letters: deadLetterCoder },
  });
}

/** Makes the DoFns of this file known to the worker. */
export function registerDecode(registry: Registry): void {
  registerDoFn("parse message", (): DoFn<Uint8Array, PubsubMessage> => ({
    process(bytes, context) {
      context.emit(decodePubsubMessage(bytes, context.timestamp));
    },
  }));

  registerDoFn("decode", ({ event }: { event: string }): DoFn<PubsubMessage, DecodedEvent | DeadLetter> => {
    const decode = createDecoder(registry.event(event));
    let count: (name: "read" | "decoded" | "dead_letter" | "clamped") => void;
    let countReason: (reason: DeadLetterReason) => void;
    return {
      setup({ metrics }) {
        const counters = {
          read: metrics.counter(`${event}.read`),
          decoded: metrics.counter(`${event}.decoded`),
          dead_letter: metrics.counter(`${event}.dead_letter`),
          clamped: metrics.counter(`${event}.clamped`),
        };
        count = (name) => counters[name].add(1);
        const reasons = new Map(
          DECODE_REASONS.map((r) => [r as string, metrics.counter(`${event}.dead_letter.${r}`)]),
        );
        countReason = (reason) => reasons.get(reason)?.add(1);
      },
      process(message, context) {
        count("read");
        const result = decode(message);
        if (isDeadLetter(result)) {
          count("dead_letter");
          countReason(result.reason);
          context.emit(result, { tag: "dead_letters" });
          return;
        }
        count("decoded");
        if (result.clamped) count("clamped");
        context.emit(result, { timestamp: result.eventTimeMs });
      },
    };
  });
}
