import type { DataflowTarget } from "../../infra/dataflow/target.ts";

export const DIGEST = `sha256:${"5eed".repeat(16)}`;

/** A target with what must be there. */
export const target: DataflowTarget = {
  project: "my-project",
  region: "europe-west1",
  bucket: "my-project-freshet",
  image: `europe-west1-docker.pkg.dev/my-project/freshet/worker@${DIGEST}`,
  jobName: "freshet",
  serviceAccount: "freshet-worker@my-project.iam.gserviceaccount.com",
  machineType: "n2d-standard-4",
  maxWorkers: 5,
  subnetwork: "regions/europe-west1/subnetworks/freshet",
  instance: "freshet",
  dataset: "freshet",
  generation: 0,
};

/** The same, as options of a command. */
export const targetOptions: readonly string[] = [
  ["--project", target.project],
  ["--region", target.region],
  ["--bucket", target.bucket],
  ["--image", target.image],
].flat();
