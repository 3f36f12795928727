import { DataflowError, type DataflowErrorCode } from "./errors.ts";
import { type GoogleFailure, googleFailure } from "./google-failure.ts";
import type { DataflowTarget } from "./target.ts";

/** A call to Google, for the sentence that says it failed. */
export interface GoogleCall {
  /** "create the job freshet". */
  readonly what: string;
  /** The service's name, as it is enabled. */
  readonly service: "dataflow.googleapis.com" | "storage.googleapis.com";
  readonly target: Pick<DataflowTarget, "project" | "region"> &
    Partial<Pick<DataflowTarget, "bucket" | "serviceAccount">>;
}

/** Makes a call; a failure comes back explained. @throws DataflowError */
export async function explained<T>(call: GoogleCall, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    throw explain(call, error);
  }
}

/** The error that says what is wrong and what to run; what Google never says stays as it is. */
export function explain(call: GoogleCall, error: unknown): unknown {
  if (error instanceof DataflowError) return error;
  const failure = googleFailure(error);
  const [code, advice] = cause(call, failure) ?? [];
  if (code === undefined) return error;
  const message = `could not ${call.what}: ${failure.message.replace(/[.\s]+$/, "")}. ${advice ?? ""}`.trim();
  return new DataflowError(code, message, { http: failure.http, reason: failure.reason }, { cause: error });
}

type Cause = readonly [code: DataflowErrorCode, advice: string];

function cause(call: GoogleCall, failure: GoogleFailure): Cause | undefined {
  const { project, region, bucket } = call.target;
  const { http, reason, metadata, message } = failure;
  if (/could not load the default credentials|invalid_grant|invalid_rapt/i.test(message) || http === 401) {
    return ["no_credentials", "Run `gcloud auth application-default login`"];
  }
  if (failure.system !== undefined) return ["unreachable", "Check the network and run it again"];
  if (http === undefined) return undefined;
  if (reason === "SERVICE_DISABLED" || /API has not been used|it is disabled/i.test(message)) {
    const service = metadata["service"] ?? call.service;
    return ["api_not_enabled", `Run \`gcloud services enable ${service} --project ${project}\``];
  }
  if (reason === "BILLING_DISABLED" || /billing.{0,40}(disabled|not enabled)/i.test(message)) {
    return ["billing_disabled", `Run \`gcloud billing projects link ${project} --billing-account ACCOUNT\``];
  }
  if (http === 429 || /quota/i.test(message)) return ["quota_exceeded", quotaAdvice(project, region)];
  if (http === 403) return ["permission_denied", grantAdvice(call, failure)];
  if (http === 404 && call.service === "storage.googleapis.com" && bucket !== undefined) {
    const create = `gcloud storage buckets create gs://${bucket} --project ${project} --location ${region}`;
    return ["bucket_missing", `\`pulumi up\` creates the stack's bucket; one of your own: \`${create}\``];
  }
  if (http === 404) return ["not_found", "Check --project, --region and --job-name"];
  if (http === 409)
    return ["name_taken", "A job of that name runs: replace it with --update, or give another --job-name"];
  if (http >= 500) return ["unreachable", "Run it again: what was done already stays done"];
  return ["job_refused", ""];
}

/** What to do about a quota. */
export function quotaAdvice(project: string, region: string): string {
  return (
    "Lower --max-workers or take a smaller --machine-type, or ask for more: " +
    `\`gcloud compute regions describe ${region} --project ${project}\` shows quotas and use`
  );
}

function grantAdvice({ target, service }: GoogleCall, { metadata, message }: GoogleFailure): string {
  const permission =
    metadata["permission"] ?? /\b[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+\b(?! ?@)/.exec(message)?.[0] ?? "";
  const me = "user:YOU";
  if (/actAs/i.test(permission) || /act ?as/i.test(message)) {
    const account = target.serviceAccount ?? "SERVICE_ACCOUNT";
    return `Run \`gcloud iam service-accounts add-iam-policy-binding ${account} --project ${target.project} --member ${me} --role roles/iam.serviceAccountUser\``;
  }
  if (permission.startsWith("storage.") || service === "storage.googleapis.com") {
    return `Run \`gcloud storage buckets add-iam-policy-binding gs://${target.bucket ?? "BUCKET"} --member ${me} --role roles/storage.objectAdmin\``;
  }
  return `Run \`gcloud projects add-iam-policy-binding ${target.project} --member ${me} --role roles/dataflow.developer\``;
}
