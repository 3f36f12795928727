import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { topicsOf } from "../../pipeline/stores/pubsub-layout.ts";
import { Component } from "./component.ts";
import { serviceFilter, staleMetricOf } from "./feature-server.ts";

/** What a dashboard shows. */
export interface DashboardArgs {
  readonly project: string;
  readonly title: string;
  readonly job: string;
  /** Names of the events. */
  readonly events: readonly string[];
  readonly instance: string;
  /** The feature server's Cloud Run service, where there is one. */
  readonly server: string | undefined;
}

interface Chart {
  readonly title: string;
  /** In Monitoring's filter language; a line each. */
  readonly metrics: readonly string[];
  readonly aligner: string;
  readonly reducer?: string;
  /** Labels that lines are told apart by. */
  readonly by?: readonly string[];
}

/** One page of Monitoring: how far the pipeline is, what the stores do, how the server answers. */
export class Dashboard extends Component {
  constructor(name: string, args: DashboardArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Dashboard", name, opts);
    const { project, title } = args;
    new gcp.monitoring.Dashboard(
      "page",
      { project, dashboardJson: dashboardJson(title, charts(args)) },
      this.child,
    );
    this.registerOutputs();
  }
}

function charts({ job, events, instance, server }: DashboardArgs): Chart[] {
  const subscriptions = events.map((event) => topicsOf(event).subscription);
  const ofSubscription = (metric: string) =>
    subscriptions.map(
      (id) =>
        `metric.type="pubsub.googleapis.com/subscription/${metric}" AND resource.type="pubsub_subscription" AND resource.labels.subscription_id="${id}"`,
    );
  const ofBigtable = (metric: string) =>
    `metric.type="bigtable.googleapis.com/${metric}" AND resource.labels.instance="${instance}"`;
  const pipeline: Chart[] = [
    {
      title: "Oldest message not read",
      metrics: ofSubscription("oldest_unacked_message_age"),
      aligner: "ALIGN_MAX",
    },
    { title: "Messages not read", metrics: ofSubscription("num_undelivered_messages"), aligner: "ALIGN_MAX" },
    {
      title: "Job: watermark lag",
      metrics: [
        `metric.type="dataflow.googleapis.com/job/data_watermark_age" AND resource.type="dataflow_job" AND resource.labels.job_name="${job}"`,
      ],
      aligner: "ALIGN_MAX",
    },
    {
      title: "Bigtable: CPU of the busiest cluster",
      metrics: [ofBigtable("cluster/cpu_load")],
      aligner: "ALIGN_MEAN",
      reducer: "REDUCE_MAX",
    },
    {
      title: "Bigtable: latency, p99",
      metrics: [ofBigtable("server/latencies")],
      aligner: "ALIGN_PERCENTILE_99",
      reducer: "REDUCE_MAX",
      by: ["metric.labels.method"],
    },
  ];
  return server === undefined ? pipeline : [...pipeline, ...serverCharts(server)];
}

function serverCharts(service: string): Chart[] {
  const of = (metric: string) => `metric.type="${metric}" AND ${serviceFilter(service)}`;
  return [
    {
      title: "Server: requests a second, by status",
      metrics: [of("run.googleapis.com/request_count")],
      aligner: "ALIGN_RATE",
      reducer: "REDUCE_SUM",
      by: ["metric.labels.response_code"],
    },
    {
      title: "Server: latency, p99",
      metrics: [of("run.googleapis.com/request_latencies")],
      aligner: "ALIGN_PERCENTILE_99",
      reducer: "REDUCE_MAX",
    },
    {
      title: "Server: instances",
      metrics: [of("run.googleapis.com/container/instance_count")],
      aligner: "ALIGN_MAX",
      reducer: "REDUCE_SUM",
      by: ["metric.labels.state"],
    },
    {
      title: "Server: minutes with a stale view",
      metrics: [
        `metric.type="logging.googleapis.com/user/${staleMetricOf(service)}" AND resource.type="cloud_run_revision"`,
      ],
      aligner: "ALIGN_SUM",
      reducer: "REDUCE_SUM",
    },
  ];
}

/** @see https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards */
function dashboardJson(displayName: string, all: readonly Chart[]): string {
  const widgets = all.map(({ title, metrics, aligner, reducer, by }) => ({
    title,
    xyChart: {
      dataSets: metrics.map((filter) => ({
        plotType: "LINE",
        timeSeriesQuery: {
          timeSeriesFilter: {
            filter,
            aggregation: {
              alignmentPeriod: "60s",
              perSeriesAligner: aligner,
              ...(reducer !== undefined && { crossSeriesReducer: reducer }),
              ...(by !== undefined && { groupByFields: by }),
            },
          },
        },
      })),
    },
  }));
  return JSON.stringify({ displayName, gridLayout: { columns: "2", widgets } });
}
