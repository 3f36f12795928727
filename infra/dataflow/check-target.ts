import { DataflowError } from "./errors.ts";
import type { DataflowTarget } from "./target.ts";

interface Rule {
  readonly field: keyof DataflowTarget;
  readonly option: string;
  readonly pattern: RegExp;
  readonly expected: string;
}

const RULES: readonly Rule[] = [
  rule(
    "project",
    "--project",
    /^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    "a project's id, like my-project",
  ),
  rule("region", "--region", /^[a-z]+-[a-z]+\d+$/, "a region, like europe-west1; no zone"),
  rule("bucket", "--bucket", /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, "a bucket's name, without gs://"),
  rule(
    "jobName",
    "--job-name",
    /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
    "lower-case letters, digits and -, at most 63",
  ),
  rule("serviceAccount", "--service-account", /^[^@\s]+@[^@\s]+$/, "the e-mail address of a service account"),
  rule("machineType", "--machine-type", /^[a-z][a-z0-9-]+$/, "a machine type, like n2d-standard-2"),
  rule(
    "subnetwork",
    "--subnetwork",
    /(^|\/)regions\/[^/]+\/subnetworks\/[^/]+$/,
    "regions/REGION/subnetworks/NAME",
  ),
  rule(
    "kmsKey",
    "--kms-key",
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
    "projects/P/locations/L/keyRings/R/cryptoKeys/K",
  ),
];

const LABEL_KEY = /^[a-z][a-z0-9_-]{0,62}$/;
const LABEL_VALUE = /^[a-z0-9_-]{0,63}$/;

/**
 * Checks what can be known of a target without asking Google.
 * @throws DataflowError `bad_option` or `image_not_pinned`
 */
export function checkTarget(target: DataflowTarget): void {
  for (const { field, option, pattern, expected } of RULES) {
    const value = target[field];
    if (value !== undefined && !(typeof value === "string" && pattern.test(value))) {
      refuse(field, option, value, expected);
    }
  }
  if (!/^[^@\s]+@sha256:[0-9a-f]{64}$/.test(target.image)) {
    const message =
      `the worker's image is "${target.image}", which may be another image tomorrow: name it by its digest, ` +
      "…/worker@sha256:…, as `docker push` and `gcloud artifacts docker images describe` print it";
    throw new DataflowError("image_not_pinned", message, { image: target.image });
  }
  whole("maxWorkers", "--max-workers", target.maxWorkers, 1);
  whole("generation", "--generation", target.generation, 0);
  if (target.numWorkers !== undefined) whole("numWorkers", "--num-workers", target.numWorkers, 1);
  if (target.diskSizeGb !== undefined) whole("diskSizeGb", "--disk-size-gb", target.diskSizeGb, 10);
  if ((target.numWorkers ?? 0) > target.maxWorkers) {
    refuse("numWorkers", "--num-workers", target.numWorkers, `at most --max-workers, ${target.maxWorkers}`);
  }
  for (const [key, value] of Object.entries(target.labels ?? {})) {
    if (LABEL_KEY.test(key) && LABEL_VALUE.test(value)) continue;
    refuse("labels", "--label", `${key}=${value}`, "lower-case letters, digits, _ and -, at most 63 each");
  }
}

function rule(field: keyof DataflowTarget, option: string, pattern: RegExp, expected: string): Rule {
  return { field, option, pattern, expected };
}

function whole(field: string, option: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    refuse(field, option, value, `a whole number, ${least} or more`);
  }
}

function refuse(field: string, option: string, value: unknown, expected: string): never {
  throw new DataflowError("bad_option", `${option} is "${String(value)}": it must be ${expected}`, {
    field,
    value,
  });
}
