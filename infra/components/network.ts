import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";

/** A network for workers. */
export interface NetworkArgs {
  readonly project: string;
  readonly region: string;
  readonly name: string;
  /** IPv4 range of the workers, CIDR. */
  readonly range: string;
  /** Whether the workers reach the internet. */
  readonly nat: boolean;
}

/** Dataflow's workers have this network tag, and talk on these ports. @see https://cloud.google.com/dataflow/docs/guides/routes-firewall */
const WORKER_TAG = "dataflow";
const WORKER_PORTS = "12345-12346";

/**
 * A network whose machines have private addresses only. They reach Google's services by Private Google Access, and
 * nothing else: a worker's image is whole, so it needs nothing else. NAT is for code that calls other services.
 */
export class Network extends Component {
  constructor(name: string, args: NetworkArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Network", name, opts);
    const { project, region } = args;
    const network = new gcp.compute.Network(
      "network",
      { project, name: args.name, autoCreateSubnetworks: false, routingMode: "REGIONAL" },
      this.child,
    );
    const subnetwork = new gcp.compute.Subnetwork(
      "workers",
      {
        project,
        region,
        name: args.name,
        network: network.id,
        ipCidrRange: args.range,
        privateIpGoogleAccess: true,
      },
      this.child,
    );
    new gcp.compute.Firewall(
      "workers-talk",
      {
        project,
        name: `${args.name}-workers`,
        network: network.id,
        description: "Dataflow's workers to each other, and nobody else.",
        direction: "INGRESS",
        sourceTags: [WORKER_TAG],
        targetTags: [WORKER_TAG],
        allows: [{ protocol: "tcp", ports: [WORKER_PORTS] }],
      },
      this.child,
    );
    if (args.nat) this.#nat(args, network, subnetwork);
    this.registerOutputs({ subnetwork: subnetwork.id });
  }

  #nat(
    { project, region, name }: NetworkArgs,
    network: gcp.compute.Network,
    subnetwork: gcp.compute.Subnetwork,
  ) {
    const router = new gcp.compute.Router(
      "router",
      { project, region, name, network: network.id },
      this.child,
    );
    new gcp.compute.RouterNat(
      "nat",
      {
        project,
        region,
        name,
        router: router.name,
        natIpAllocateOption: "AUTO_ONLY",
        sourceSubnetworkIpRangesToNat: "LIST_OF_SUBNETWORKS",
        subnetworks: [{ name: subnetwork.id, sourceIpRangesToNats: ["ALL_IP_RANGES"] }],
        logConfig: { enable: true, filter: "ERRORS_ONLY" },
      },
      this.child,
    );
  }
}
