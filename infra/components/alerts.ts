import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { Component } from "./component.ts";
import { conditionOf, type Condition } from "./condition.ts";
import { type ServedBy, serverConditions } from "./server-conditions.ts";

/** What is watched, and who is told. */
export interface AlertsArgs {
  readonly project: string;
  /** An e-mail address. */
  readonly to: string;
  readonly job: string;
  /** Names of the events whose subscriptions are watched. */
  readonly events: readonly string[];
  /** `undefined`: there is no feature server. */
  readonly server: ServedBy | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const AGE = "pubsub.googleapis.com/subscription/oldest_unacked_message_age";

/** E-mail when the pipeline stands still, fails, or the archive doesn't arrive, and when the server doesn't serve. */
export class Alerts extends Component {
  constructor(name: string, args: AlertsArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Alerts", name, opts);
    const { project, labels } = args;
    const channel = new gcp.monitoring.NotificationChannel(
      "email",
      {
        project,
        type: "email",
        displayName: "Freshet",
        labels: { email_address: args.to },
        userLabels: labels,
      },
      this.child,
    );
    const { server } = args;
    const conditions = [...conditionsOf(args), ...(server === undefined ? [] : serverConditions(server))];
    for (const condition of conditions) {
      new gcp.monitoring.AlertPolicy(
        condition.id,
        {
          project,
          displayName: condition.title,
          combiner: "OR",
          conditions: [conditionOf(condition)],
          documentation: { content: condition.help, mimeType: "text/markdown" },
          notificationChannels: [channel.id],
          userLabels: labels,
        },
        this.child,
      );
    }
    this.registerOutputs();
  }
}

function conditionsOf({ job, events }: AlertsArgs): Condition[] {
  const ofSubscription = (id: string) =>
    `metric.type="${AGE}" AND resource.type="pubsub_subscription" AND resource.labels.subscription_id="${id}"`;
  return [
    {
      id: "job-failed",
      title: "Freshet: the job failed",
      help: "Features are no longer computed. See the job's messages, then `pulumi up`.",
      metric: `metric.type="dataflow.googleapis.com/job/is_failed" AND resource.type="dataflow_job" AND resource.labels.job_name="${job}"`,
      above: 0,
      forS: 0,
    },
    ...events.flatMap((event) => {
      const { subscription, archive } = topicsOf(event);
      return [
        {
          id: `${subscription}-behind`,
          title: `Freshet: ${event} is not read`,
          help: "Messages wait for more than five minutes: answers are stale. See the job's workers and its system lag.",
          metric: ofSubscription(subscription),
          above: 300,
          forS: 300,
        },
        {
          id: `${archive}-behind`,
          title: `Freshet: ${event} is not archived`,
          help: "Messages wait for BigQuery for an hour. See the subscription's state: most often a missing role or table.",
          metric: ofSubscription(archive),
          above: 3_600,
          forS: 0,
        },
      ];
    }),
  ];
}
