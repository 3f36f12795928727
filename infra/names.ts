import type { StackConfig } from "./config.ts";

/** Names of what a stack creates: known before anything is there, and the same in every run, so that it converges. */
export interface Names {
  /** Bucket of job graphs and temporary files: its name is unique in the world, by the project's id. */
  readonly bucket: string;
  /** Artifact Registry's repository of worker images. */
  readonly repository: string;
  /** What an image's name starts with: `HOST/PROJECT/REPOSITORY`. */
  readonly imagePath: string;
  /** Bigtable instance. */
  readonly instance: string;
  /** Bigtable application profile: reads and writes go to one cluster. */
  readonly appProfile: string;
  /** BigQuery data set. */
  readonly dataset: string;
  readonly workerAccount: string;
  /** E-mail address of the workers' service account. */
  readonly workerEmail: string;
  readonly serverAccount: string;
  /** E-mail address of the feature server's service account. */
  readonly serverEmail: string;
  /** The feature server's Cloud Run service. */
  readonly server: string;
  readonly job: string;
  readonly network: string;
  /** As Dataflow takes it. */
  readonly subnetwork: string;
  readonly keyRing: string;
  readonly key: string;
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, or `undefined` without keys of one's own. */
  readonly kmsKey: string | undefined;
}

/** The names of a stack. Topics, tables and families have the names that the pipeline's layouts give. */
export function namesOf(
  config: Pick<StackConfig, "project" | "region" | "name" | "kms" | "subnetwork">,
): Names {
  const { project, region, name } = config;
  const workerAccount = `${name}-worker`;
  const serverAccount = `${name}-server`;
  const emailOf = (account: string) => `${account}@${project}.iam.gserviceaccount.com`;
  const kmsKey = `projects/${project}/locations/${region}/keyRings/${name}/cryptoKeys/${name}`;
  return {
    bucket: `${project}-${name}`,
    repository: name,
    imagePath: `${region}-docker.pkg.dev/${project}/${name}`,
    instance: name,
    appProfile: name,
    dataset: name.replaceAll("-", "_"),
    workerAccount,
    workerEmail: emailOf(workerAccount),
    serverAccount,
    serverEmail: emailOf(serverAccount),
    server: `${name}-server`,
    job: name,
    network: name,
    // Another project's network is named by its URL, one of this project by its path.
    subnetwork:
      config.subnetwork === undefined
        ? `regions/${region}/subnetworks/${name}`
        : `https://www.googleapis.com/compute/v1/${config.subnetwork}`,
    keyRing: name,
    key: name,
    kmsKey: config.kms ? kmsKey : undefined,
  };
}
