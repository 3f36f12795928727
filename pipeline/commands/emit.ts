import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Command } from "commander";
import { emitJob } from "../../infra/dataflow/emit.ts";
import { features } from "../features/registry.ts";
import { addStoreNames } from "../options.ts";
import { addDataflowOptions, type DataflowFlags, targetOf } from "./dataflow-options.ts";
import { sayJson } from "./output.ts";

interface EmitFlags extends DataflowFlags {
  readonly out: string;
}

/** `freshet emit`: the files that a Dataflow job is made of; the same definitions and options give the same bytes. */
export function emitCommand(): Command {
  const command = new Command("emit")
    .description("Write the graph and the body of the Dataflow job, without submitting it.")
    .requiredOption("--out <dir>", "where pipeline.pb, job.json and template.json go");
  return addDataflowOptions(addStoreNames(command)).action(emit);
}

async function emit({ out, ...flags }: EmitFlags): Promise<void> {
  const target = targetOf(flags);
  const { job, hash, pipelineProto, pipelineObject, templateObject } = await emitJob(features, target);
  const text = `${JSON.stringify(job, null, 2)}\n`;
  await mkdir(out, { recursive: true });
  const files = { "pipeline.pb": pipelineProto, "job.json": text, "template.json": text };
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(out, name), content);
  const at = (object: string) => `gs://${target.bucket}/${object}`;
  sayJson({ hash, out, pipeline: at(pipelineObject), template: at(templateObject) });
}
