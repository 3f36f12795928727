import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import type { Broker } from "./broker.ts";
import { alreadyExists, unimplemented } from "./errors.ts";
import { toDrafts } from "./message.ts";
import { codec } from "./protos.ts";
import type { ITopic } from "./protos.ts";
import { checkName, withUpdate } from "./service.ts";
import type { Service } from "./service.ts";

const topics = codec<ITopic>("Topic");

/** `google.pubsub.v1.Publisher`: topics, and publishing to them. */
export function publisherService(broker: Broker) {
  const save = (config: ITopic): ITopic => {
    if (config.ingestionDataSourceSettings) throw unimplemented("Ingestion into a topic");
    if (config.messageTransforms?.length) throw unimplemented("A message transform");
    if (config.schemaSettings?.schema) broker.schemas.get(config.schemaSettings.schema);
    broker.commit({ op: "topic", config: topics.toJson({ ...config, state: "ACTIVE" }) });
    return broker.topic(config.name ?? "").config;
  };
  return {
    CreateTopic(config: google.pubsub.v1.Topic) {
      const name = checkName(config.name, "topics");
      if (broker.topics.has(name)) throw alreadyExists(name);
      return save(config);
    },

    GetTopic: ({ topic }: google.pubsub.v1.GetTopicRequest) => broker.topic(topic).config,

    UpdateTopic({ topic: update, updateMask }: google.pubsub.v1.UpdateTopicRequest) {
      const { config } = broker.topic(update?.name ?? "");
      return save(
        withUpdate(config, update ?? {}, updateMask, [
          "labels",
          "messageRetentionDuration",
          "schemaSettings",
        ]),
      );
    },

    ListTopics: ({ project }: google.pubsub.v1.ListTopicsRequest) => ({
      topics: [...broker.topics.values()]
        .map(({ config }) => config)
        .filter(({ name }) => name?.startsWith(`${project}/`)),
    }),

    ListTopicSubscriptions: ({ topic }: google.pubsub.v1.ListTopicSubscriptionsRequest) => ({
      subscriptions: [...broker.subscriptions.values()]
        .map(({ config }) => config)
        .filter((config) => config.topic === broker.topic(topic).config.name)
        .map(({ name }) => name),
    }),

    DeleteTopic({ topic }: google.pubsub.v1.DeleteTopicRequest) {
      broker.topic(topic);
      broker.commit({ op: "delete_topic", name: topic });
      return {};
    },

    Publish({ topic: name, messages }: google.pubsub.v1.PublishRequest) {
      const topic = broker.topic(name);
      const drafts = toDrafts(messages).map((draft) => topic.validate(draft, broker.schemas));
      return { messageIds: broker.publish(name, drafts) };
    },
  } satisfies Service;
}
