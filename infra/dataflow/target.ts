/**
 * Where a Dataflow job runs, and with what, as plain values: the graph and the job's body are a pure function of the
 * definitions and of this.
 */
export interface DataflowTarget {
  readonly project: string;
  /** A region, e.g. `europe-west1`. */
  readonly region: string;
  /** Bucket of the staged graph, the template and temporary files: its name, without `gs://`. */
  readonly bucket: string;
  /** The worker's image by digest: `…-docker.pkg.dev/PROJECT/REPOSITORY/worker@sha256:…`. */
  readonly image: string;
  /** One running job of a project and region has it. */
  readonly jobName: string;
  /** E-mail address of the workers' service account. */
  readonly serviceAccount: string;
  /** E.g. `n2d-standard-2`. */
  readonly machineType: string;
  /** Autoscaling ends there. */
  readonly maxWorkers: number;
  /** Workers to start with. @default Dataflow's choice */
  readonly numWorkers?: number;
  /** Boot disk of a worker. @default Dataflow's choice */
  readonly diskSizeGb?: number;
  /** `regions/REGION/subnetworks/NAME`, or its URL where the network is another project's. @default the project's `default` */
  readonly subnetwork?: string;
  /** Workers with public addresses. @default false */
  readonly publicIps?: boolean;
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, for state and disks. @default Google's own keys */
  readonly kmsKey?: string;
  /** Labels of the job, beside those that it gets of itself. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Experiments beside those that every job needs. */
  readonly experiments?: readonly string[];
  /** Bigtable instance. */
  readonly instance: string;
  /** Bigtable application profile. @default the instance's `default` */
  readonly appProfile?: string;
  /** BigQuery data set. */
  readonly dataset: string;
  /** One run of the pipeline from its cold start; every row and cell carries it. */
  readonly generation: number;
}
