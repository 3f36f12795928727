import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import type { Broker } from "./broker.ts";
import type { SubscriptionEntry } from "./broker-state.ts";
import { Consumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { MAX_RESPONSE_BYTES } from "./dispatcher.ts";
import type { PullStream } from "./dispatcher.ts";
import { invalidArgument, notFound } from "./errors.ts";
import { modifyAckDeadlines, toReceived } from "./subscriber-service.ts";
import type { TakeLimits } from "./subscription.ts";

type Request = google.pubsub.v1.StreamingPullRequest;
type Response = google.pubsub.v1.IStreamingPullResponse;
type Call = ServerDuplexStream<Request, Response>;

/** Most messages of one response, so that acknowledgements get their turn. */
const MAX_MESSAGES = 500;

/**
 * Serves one StreamingPull call: messages as they come, within the client's flow control and the connection's
 * pace, and acknowledgements on the same stream.
 * @param fail ends the call with an error
 */
export function streamingPull(broker: Broker, call: Call, fail: (error: unknown) => void): void {
  let stream: ServedStream | undefined;
  const close = (): void => stream?.close();
  call.on("data", (request: Request) => {
    try {
      stream ??= new ServedStream(broker, call, request, fail);
      stream.receive(request);
    } catch (error) {
      close();
      fail(error);
    }
  });
  call.on("end", () => {
    close();
    call.end();
  });
  for (const event of ["cancelled", "close", "error"]) call.on(event, close);
}

class ServedStream implements PullStream {
  readonly consumer = new Consumer();
  readonly close: () => void;
  readonly #broker: Broker;
  readonly #call: Call;
  readonly #entry: SubscriptionEntry;
  readonly #fail: (error: unknown) => void;
  /** 0: unbounded. */
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  #ackDeadlineMs = 0;
  #writable = true;

  constructor(broker: Broker, call: Call, first: Request, fail: (error: unknown) => void) {
    this.#broker = broker;
    this.#call = call;
    this.#fail = fail;
    this.#entry = broker.subscription(first.subscription);
    if (this.#entry.config.bigqueryConfig)
      throw invalidArgument("A BigQuery subscription can't be pulled from.");
    this.#maxMessages = Number(first.maxOutstandingMessages);
    this.#maxBytes = Number(first.maxOutstandingBytes);
    this.#setAckDeadline(first.streamAckDeadlineSeconds);
    call.on("drain", () => {
      this.#writable = true;
      this.#entry.dispatcher.wake();
    });
    this.close = this.#entry.dispatcher.attach(this);
  }

  /** Takes in what every request of the stream may bring. */
  receive(request: Request): void {
    const { subscription, dispatcher } = this.#entry;
    if (request.streamAckDeadlineSeconds > 0) this.#setAckDeadline(request.streamAckDeadlineSeconds);
    subscription.acknowledge(request.ackIds, this.#broker.nowMs);
    modifyAckDeadlines(
      this.#broker,
      this.#entry,
      request.modifyDeadlineAckIds,
      (i) => request.modifyDeadlineSeconds[i] ?? 0,
    );
    dispatcher.wake();
  }

  limits(): TakeLimits {
    const { outstandingMessages, outstandingBytes } = this.consumer;
    const messages = this.#maxMessages > 0 ? this.#maxMessages - outstandingMessages : MAX_MESSAGES;
    const bytes = this.#maxBytes > 0 ? this.#maxBytes - outstandingBytes : MAX_RESPONSE_BYTES;
    return {
      maxMessages: this.#writable ? Math.min(messages, MAX_MESSAGES) : 0,
      maxBytes: Math.min(bytes, MAX_RESPONSE_BYTES),
      ackDeadlineMs: this.#ackDeadlineMs,
    };
  }

  send(deliveries: readonly Delivery[]): void {
    this.#writable = this.#call.write({
      receivedMessages: deliveries.map((delivery) => toReceived(this.#entry, delivery)),
      subscriptionProperties: { messageOrderingEnabled: this.#entry.subscription.policy.ordered },
    });
  }

  end(): void {
    this.#fail(notFound(this.#entry.config.name ?? ""));
  }

  #setAckDeadline(seconds: number): void {
    if (!(seconds >= 10 && seconds <= 600)) {
      throw invalidArgument(
        `Invalid stream_ack_deadline_seconds given: ${seconds}; it must be between 10 and 600.`,
      );
    }
    this.#ackDeadlineMs = seconds * 1000;
  }
}
