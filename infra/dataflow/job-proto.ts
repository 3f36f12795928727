import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { protos } from "@google-cloud/dataflow";
import protobuf from "protobufjs";
import { fromProto3JSON, type JSONValue } from "proto3-json-serializer";
import type { JobBody } from "./job-body.ts";

// Google's own description of its API, as its client ships it.
const PROTOS = fileURLToPath(import.meta.resolve("@google-cloud/dataflow/build/protos/protos.json"));
const root = protobuf.Root.fromJSON(JSON.parse(readFileSync(PROTOS, "utf8")) as protobuf.INamespace);

/** The type `google.dataflow.v1beta3.Job`, as the client knows it. */
export const jobType = root.resolveAll().lookupType("google.dataflow.v1beta3.Job");

/**
 * A job's body as the client takes it.
 * @throws Error when a field has a value that its type can't hold
 */
export function jobMessage(body: JobBody): protos.google.dataflow.v1beta3.IJob {
  const message = fromProto3JSON(jobType, body as JSONValue);
  if (message === null) throw new Error("the job's body is null");
  return jobType.toObject(message);
}

/** Pipeline options by name; those that are lists or structures are left out. */
export type PipelineOptions = Readonly<Record<string, string | number | boolean | undefined>>;

/** The pipeline options within a job that the client gives back. */
export function optionsOf(job: protos.google.dataflow.v1beta3.IJob): PipelineOptions {
  const options = job.environment?.sdkPipelineOptions?.fields?.["options"]?.structValue?.fields ?? {};
  return Object.fromEntries(
    Object.entries(options).map(([name, { stringValue, numberValue, boolValue }]) => [
      name,
      stringValue ?? numberValue ?? boolValue ?? undefined,
    ]),
  );
}
