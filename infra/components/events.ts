import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import type { EventPlan } from "../../pipeline/core/event-plan.ts";
import { rawTableId } from "../../pipeline/stores/bigquery-tables.ts";
import { type EventTopics, topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { Component, type Placement, seconds } from "./component.ts";

/** Topics and subscriptions of events. */
export interface EventsArgs extends Placement {
  readonly events: readonly EventPlan[];
  /** How far back a subscription of a topic can be sought, ms. */
  readonly retentionMs: number;
  /** The data set of the raw archives; their tables are there, and Pub/Sub may write them. */
  readonly dataset: string;
  /** The workers' account, as a member. */
  readonly worker: pulumi.Input<string>;
  /** Pub/Sub's own account, as a member. */
  readonly pubsub: pulumi.Input<string>;
}

const DAY_MS = 86_400_000;
/** Pub/Sub's longest for what nobody took: a weekend of ours must not lose a message. */
const UNTAKEN_MS = 31 * DAY_MS;
const NEVER = { ttl: "" };
const ACK_DEADLINE_S = 60;
const DELIVERY_ATTEMPTS = 10;

/** For each event its contract, the topics of events, late events and dead letters, and who reads them. */
export class Events extends Component {
  readonly #args: EventsArgs;

  constructor(name: string, args: EventsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Events", name, opts);
    this.#args = args;
    for (const event of args.events) this.#event(event);
    this.registerOutputs();
  }

  #event(event: EventPlan): void {
    const names = topicsOf(event.name);
    this.#schema(event);
    const source = this.#topic(names.source);
    const late = this.#topic(names.late);
    const deadLetters = this.#topic(names.deadLetters);
    this.#publisher(late, names.late, "worker", this.#args.worker);
    this.#publisher(deadLetters, names.deadLetters, "worker", this.#args.worker);

    const pipeline = this.#subscription(names.subscription, source);
    // `viewer`: Dataflow asks for a subscription's settings before it reads.
    this.#role(pipeline, names.subscription, "subscriber", this.#args.worker);
    this.#role(pipeline, names.subscription, "viewer", this.#args.worker);
    this.#subscription(names.redrive, deadLetters);
    this.#archive(event, names, source, deadLetters);
  }

  /**
   * The newest revision, for producers and their tools. The topic doesn't enforce it: Pub/Sub would name a revision
   * on each message by an id of its own making, and decode asks for ours; what breaks the contract becomes a dead
   * letter with its reason, which a refused publish has not.
   */
  #schema({ name, revisions }: EventPlan): void {
    const definition = JSON.stringify(revisions.at(-1)?.avro);
    new gcp.pubsub.Schema(name, { project: this.#args.project, name, type: "AVRO", definition }, this.child);
  }

  #topic(name: string): gcp.pubsub.Topic {
    const { project, region, labels, retentionMs, kmsKey, deletionProtection } = this.#args;
    return new gcp.pubsub.Topic(
      name,
      {
        project,
        name,
        messageRetentionDuration: seconds(retentionMs),
        messageStoragePolicy: { allowedPersistenceRegions: [region] },
        labels,
        ...(kmsKey !== undefined && { kmsKeyName: kmsKey }),
      },
      this.keeping(deletionProtection),
    );
  }

  #subscription(
    name: string,
    topic: gcp.pubsub.Topic,
    more: Partial<gcp.pubsub.SubscriptionArgs> = {},
    dependsOn: readonly pulumi.Resource[] = [],
  ): gcp.pubsub.Subscription {
    const { project, labels, deletionProtection } = this.#args;
    return new gcp.pubsub.Subscription(
      name,
      {
        project,
        name,
        topic: topic.id,
        ackDeadlineSeconds: ACK_DEADLINE_S,
        messageRetentionDuration: seconds(UNTAKEN_MS),
        expirationPolicy: NEVER,
        labels,
        ...more,
      },
      { ...this.keeping(deletionProtection), ...(dependsOn.length > 0 && { dependsOn: [...dependsOn] }) },
    );
  }

  /** What BigQuery doesn't take after some attempts waits among the dead letters, and holds nothing else up. */
  #archive(
    event: EventPlan,
    names: EventTopics,
    source: gcp.pubsub.Topic,
    deadLetters: gcp.pubsub.Topic,
  ): void {
    const { project, dataset, pubsub } = this.#args;
    const mayPublish = this.#publisher(deadLetters, names.deadLetters, "pubsub", pubsub);
    const archive = this.#subscription(
      names.archive,
      source,
      {
        bigqueryConfig: { table: `${project}.${dataset}.${rawTableId(event.name)}`, writeMetadata: true },
        deadLetterPolicy: { deadLetterTopic: deadLetters.id, maxDeliveryAttempts: DELIVERY_ATTEMPTS },
        retryPolicy: { minimumBackoff: "10s", maximumBackoff: "600s" },
      },
      [mayPublish],
    );
    this.#role(archive, names.archive, "subscriber", pubsub);
  }

  #publisher(
    topic: gcp.pubsub.Topic,
    name: string,
    who: "worker" | "pubsub",
    member: pulumi.Input<string>,
  ): gcp.pubsub.TopicIAMMember {
    const { project } = this.#args;
    return new gcp.pubsub.TopicIAMMember(
      `${name}-${who}`,
      { project, topic: topic.name, role: "roles/pubsub.publisher", member },
      this.child,
    );
  }

  #role(
    subscription: gcp.pubsub.Subscription,
    name: string,
    role: "subscriber" | "viewer",
    member: pulumi.Input<string>,
  ): void {
    const { project } = this.#args;
    new gcp.pubsub.SubscriptionIAMMember(
      `${name}-${role}`,
      { project, subscription: subscription.name, role: `roles/pubsub.${role}`, member },
      this.child,
    );
  }
}
