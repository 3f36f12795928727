import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { STALE_VIEW } from "../../pipeline/serving/stale-views.ts";
import type { SecretVersion } from "../config/values.ts";
import type { ServerContainer } from "../server-container.ts";
import { Component, type Placement } from "./component.ts";

/** From where a server is reached. */
export type Ingress = "internal" | "load-balancer" | "all";

/** The feature server as Cloud Run runs it. */
export interface FeatureServerArgs extends Placement {
  readonly service: string;
  readonly image: string;
  /** E-mail address of its account. */
  readonly account: string;
  /** The same, as a member. */
  readonly member: pulumi.Input<string>;
  readonly container: ServerContainer;
  readonly ingress: Ingress;
  /** Members that may ask; no use with API keys. */
  readonly callers: readonly string[];
  /** Lines of API keys, which then decide in place of IAM; `undefined`: IAM does. */
  readonly apiKeys: SecretVersion | undefined;
  readonly minInstances: number;
  readonly maxInstances: number;
}

const INGRESS: Readonly<Record<Ingress, string>> = {
  internal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
  "load-balancer": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
  all: "INGRESS_TRAFFIC_ALL",
};
const PORT = 8080;
/** One thread answers; memory is for the clients and what waits. */
const LIMITS = { cpu: "1", memory: "1Gi" };
/** Far beyond any deadline of the server's own. */
const TIMEOUT = "15s";

/**
 * The feature server on Cloud Run, which fits a server without state: it scales by requests at once, ends TLS, asks
 * IAM who may come, and changes revisions without losing a request.
 */
export class FeatureServer extends Component {
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: FeatureServerArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("FeatureServer", name, opts);
    const { project, region } = args;
    const mayRead = this.#secretRole(args);
    const service = this.#service(args, mayRead);
    this.url = service.uri;
    for (const member of args.callers) {
      new gcp.cloudrunv2.ServiceIamMember(
        `caller ${member}`,
        { project, location: region, name: service.name, role: "roles/run.invoker", member },
        this.child,
      );
    }
    // The server's own metrics stay with it; what an alert needs of them it writes into its log.
    new gcp.logging.Metric(
      "stale-views",
      {
        project,
        name: staleMetricOf(args.service),
        description:
          "Minutes in which an instance of the feature server found a view staler than it declares.",
        filter: `${serviceFilter(args.service)} AND jsonPayload.message:"${STALE_VIEW}"`,
        metricDescriptor: { metricKind: "DELTA", valueType: "INT64" },
      },
      this.child,
    );
    this.registerOutputs({ url: this.url });
  }

  #secretRole({ apiKeys, member }: FeatureServerArgs): pulumi.Resource[] {
    if (apiKeys === undefined) return [];
    const { project, secret } = apiKeys;
    const role = "roles/secretmanager.secretAccessor";
    return [
      new gcp.secretmanager.SecretIamMember(
        "api-keys",
        { project, secretId: secret, role, member },
        this.child,
      ),
    ];
  }

  #service(args: FeatureServerArgs, after: pulumi.Resource[]): gcp.cloudrunv2.Service {
    const { project, region, labels, kmsKey, apiKeys, container } = args;
    return new gcp.cloudrunv2.Service(
      "service",
      {
        project,
        location: region,
        name: args.service,
        description: "Freshet's feature server.",
        ingress: INGRESS[args.ingress],
        invokerIamDisabled: apiKeys !== undefined,
        deletionProtection: false, // it keeps nothing
        labels,
        template: {
          serviceAccount: args.account,
          executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
          timeout: TIMEOUT,
          maxInstanceRequestConcurrency: container.concurrency,
          scaling: { minInstanceCount: args.minInstances, maxInstanceCount: args.maxInstances },
          ...(kmsKey !== undefined && { encryptionKey: kmsKey }),
          containers: [this.#container(args)],
        },
      },
      { ...this.child, ...(after.length > 0 && { dependsOn: after }) },
    );
  }

  #container({
    image,
    container,
    apiKeys,
  }: FeatureServerArgs): gcp.types.input.cloudrunv2.ServiceTemplateContainer {
    return {
      image,
      args: [...container.args],
      envs: [
        ...Object.entries(container.env).map(([name, value]) => ({ name, value })),
        ...(apiKeys === undefined ? [] : [{ name: "FRESHET_API_KEYS", valueSource: secretOf(apiKeys) }]),
      ],
      ports: { containerPort: PORT },
      // Heartbeats are read and vectors logged between requests too: CPU only while one runs would starve both.
      resources: { limits: LIMITS, cpuIdle: false, startupCpuBoost: true },
      startupProbe: {
        httpGet: { path: "/readyz" },
        periodSeconds: 1,
        timeoutSeconds: 1,
        failureThreshold: 60,
      },
      livenessProbe: {
        httpGet: { path: "/healthz" },
        periodSeconds: 10,
        timeoutSeconds: 2,
        failureThreshold: 3,
      },
    };
  }
}

function secretOf({ project, secret, version }: SecretVersion) {
  return { secretKeyRef: { secret: `projects/${project}/secrets/${secret}`, version } };
}

/** Time series and log entries of one service, in Google's filter language. */
export function serviceFilter(service: string): string {
  return `resource.type="cloud_run_revision" AND resource.labels.service_name="${service}"`;
}

/** The name of the metric that counts what the server's log says of stale views. */
export function staleMetricOf(service: string): string {
  return `${service}/stale_views`;
}
