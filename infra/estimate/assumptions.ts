/** What an estimate takes for given; each is an option of `freshet estimate`. */
export interface Assumptions {
  /** Published, of all events together. */
  readonly eventsPerSecond: number;
  readonly region: string;
  /** Bytes of a message with its attributes. */
  readonly payloadBytes: number;
  /** Keys of an entity that get events at the same time. */
  readonly keys: number;
  /** Part of the events that a view accepts: its `where` can't be asked beforehand. */
  readonly share: number;
  /** Answers a second that the feature server gives; 0: there is none. */
  readonly readsPerSecond: number;
  /** Instances of the feature server that always run. */
  readonly serverMinInstances: number;
  /** Answers a second of an instance with one vCPU, fully busy. */
  readonly readsPerInstance: number;
  /** Part of it that autoscaling leaves busy. */
  readonly serverLoad: number;
  /** CPU time of workers for an event and view, stores included. */
  readonly cpuUsPerEvent: number;
  readonly workerVcpus: number;
  readonly workerMemoryGb: number;
  /** Part of a worker's CPU that autoscaling leaves busy. */
  readonly workerLoad: number;
  /** Bytes that an event and view put through the shuffle. */
  readonly shuffleBytes: number;
  readonly bigtableClusters: number;
  readonly bigtableMinNodes: number;
  /** Part of a node's capacity that autoscaling aims at. */
  readonly bigtableLoad: number;
  /** How long BigQuery keeps rows and the archive. */
  readonly monthsKept: number;
  /** How long the topic keeps messages. */
  readonly retentionDays: number;
}

/** What a preset of the infrastructure brings. */
export type Preset = "small" | "prod";

/** Sizes of the presets, as `Pulumi.small.yaml` and `Pulumi.prod.yaml` set them. */
export const PRESETS: Readonly<
  Record<
    Preset,
    Pick<
      Assumptions,
      | "workerVcpus"
      | "workerMemoryGb"
      | "bigtableClusters"
      | "bigtableMinNodes"
      | "serverMinInstances"
      | "region"
    >
  >
> = {
  small: {
    region: "europe-west1",
    workerVcpus: 2,
    workerMemoryGb: 8,
    bigtableClusters: 1,
    bigtableMinNodes: 1,
    serverMinInstances: 1,
  },
  prod: {
    region: "europe-west1",
    workerVcpus: 4,
    workerMemoryGb: 16,
    bigtableClusters: 2,
    bigtableMinNodes: 2,
    serverMinInstances: 2,
  },
};

/** What stands for an option that isn't given. */
export const DEFAULTS = {
  payloadBytes: 500,
  keys: 100_000,
  share: 1,
  readsPerSecond: 0,
  readsPerInstance: 300,
  serverLoad: 0.6,
  // measured, on the engine and without stores: 111 µs an event for two views
  cpuUsPerEvent: 75,
  workerLoad: 0.6,
  shuffleBytes: 150,
  bigtableLoad: 0.6,
  monthsKept: 12,
  retentionDays: 7,
} as const satisfies Partial<Assumptions>;
