import { status } from "@grpc/grpc-js";
import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import type { Broker } from "./broker.ts";
import type { SubscriptionEntry } from "./broker-state.ts";
import type { Delivery } from "./delivery.ts";
import { MAX_RESPONSE_BYTES } from "./dispatcher.ts";
import { alreadyExists, invalidArgument, PubsubError, unimplemented } from "./errors.ts";
import { toWire } from "./message.ts";
import { codec } from "./protos.ts";
import type { IReceivedMessage, ISubscription } from "./protos.ts";
import { checkName, withUpdate } from "./service.ts";
import type { Service } from "./service.ts";
import { policyOf, withDefaults } from "./subscription-policy.ts";
import { timestampMs } from "./time.ts";

const MAX_PULL_MESSAGES = 1000;
/** How long a pull without `return_immediately` waits for a first message. */
const PULL_WAIT_MS = 5_000;
const MAX_ACK_DEADLINE_S = 600;
const MUTABLE = [
  "ackDeadlineSeconds",
  "bigqueryConfig",
  "deadLetterPolicy",
  "expirationPolicy",
  "labels",
  "messageRetentionDuration",
  "pushConfig",
  "retainAckedMessages",
  "retryPolicy",
] as const;

const subscriptions = codec<ISubscription>("Subscription");

/** A delivery as subscribers get it. */
export function toReceived({ config }: SubscriptionEntry, delivery: Delivery): IReceivedMessage {
  return {
    ackId: delivery.ackId,
    message: toWire(delivery.message),
    // Only told where there is a dead-letter policy.
    ...(config.deadLetterPolicy ? { deliveryAttempt: delivery.attempts } : {}),
  };
}

/**
 * Ends leases earlier or later, and wakes whoever may get what was given up.
 * @param seconds by ack id
 * @throws PubsubError INVALID_ARGUMENT
 */
export function modifyAckDeadlines(
  broker: Broker,
  { subscription, dispatcher }: SubscriptionEntry,
  ackIds: readonly string[],
  seconds: (index: number) => number,
): void {
  ackIds.forEach((ackId, i) => {
    const length = seconds(i);
    if (!(length >= 0 && length <= MAX_ACK_DEADLINE_S)) {
      throw invalidArgument(
        `Invalid ack deadline given: ${length}; it must be between 0 and ${MAX_ACK_DEADLINE_S}.`,
      );
    }
    subscription.modifyAckDeadline(ackId, length * 1000, broker.nowMs);
  });
  dispatcher.wake();
}

/**
 * `google.pubsub.v1.Subscriber` but for the stream: subscriptions, pulling, acknowledging, seeking.
 * @param options `bigquery`: whether BigQuery subscriptions have somewhere to write
 */
export function subscriberService(broker: Broker, options: { readonly bigquery: boolean }) {
  const save = (given: ISubscription): ISubscription => {
    const config = withDefaults(given);
    const policy = policyOf(config);
    if (config.bigqueryConfig && !options.bigquery) {
      throw new PubsubError(
        status.FAILED_PRECONDITION,
        "This endpoint was started without a BigQuery to write to.",
      );
    }
    if (policy.deadLetter) broker.topic(policy.deadLetter.topic);
    broker.commit({ op: "subscription", config: subscriptions.toJson(config) });
    return broker.subscription(config.name ?? "").config;
  };
  return {
    CreateSubscription(config: google.pubsub.v1.Subscription) {
      const name = checkName(config.name, "subscriptions");
      if (broker.subscriptions.has(name)) throw alreadyExists(name);
      broker.topic(config.topic);
      return save(config);
    },

    GetSubscription: ({ subscription }: google.pubsub.v1.GetSubscriptionRequest) =>
      broker.subscription(subscription).config,

    UpdateSubscription({ subscription: update, updateMask }: google.pubsub.v1.UpdateSubscriptionRequest) {
      const { config } = broker.subscription(update?.name ?? "");
      return save(withUpdate(config, update ?? {}, updateMask, MUTABLE));
    },

    ListSubscriptions: ({ project }: google.pubsub.v1.ListSubscriptionsRequest) => ({
      subscriptions: [...broker.subscriptions.values()]
        .map(({ config }) => config)
        .filter(({ name }) => name?.startsWith(`${project}/`)),
    }),

    DeleteSubscription({ subscription }: google.pubsub.v1.DeleteSubscriptionRequest) {
      broker.subscription(subscription);
      broker.commit({ op: "delete_subscription", name: subscription });
      return {};
    },

    async Pull({ subscription, maxMessages, returnImmediately }: google.pubsub.v1.PullRequest) {
      const entry = broker.subscription(subscription);
      if (entry.config.bigqueryConfig) throw invalidArgument("A BigQuery subscription can't be pulled from.");
      if (!(maxMessages > 0)) throw invalidArgument("The value for max_messages must be greater than 0.");
      const limits = { maxMessages: Math.min(maxMessages, MAX_PULL_MESSAGES), maxBytes: MAX_RESPONSE_BYTES };
      const taken = await entry.dispatcher.pull(limits, returnImmediately ? 0 : PULL_WAIT_MS);
      return { receivedMessages: taken.map((delivery) => toReceived(entry, delivery)) };
    },

    Acknowledge({ subscription, ackIds }: google.pubsub.v1.AcknowledgeRequest) {
      const entry = broker.subscription(subscription);
      entry.subscription.acknowledge(ackIds, broker.nowMs);
      entry.dispatcher.wake();
      return {};
    },

    ModifyAckDeadline({
      subscription,
      ackIds,
      ackDeadlineSeconds,
    }: google.pubsub.v1.ModifyAckDeadlineRequest) {
      modifyAckDeadlines(broker, broker.subscription(subscription), ackIds, () => ackDeadlineSeconds);
      return {};
    },

    Seek({ subscription, time }: google.pubsub.v1.SeekRequest) {
      broker.subscription(subscription);
      if (!time) throw unimplemented("Seeking to a snapshot");
      broker.commit({ op: "seek", subscription, time_ms: timestampMs(time) });
      return {};
    },
  } satisfies Service;
}
