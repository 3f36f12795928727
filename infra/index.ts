/**
 * The Pulumi program: everything that Freshet needs on Google Cloud. `Pulumi.yaml` names it, and Pulumi runs it.
 *
 *     npm run pulumi -- preview
 */
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { FreshetError } from "../pipeline/core/errors.ts";
import { features } from "../pipeline/features/registry.ts";
import { readStackConfig } from "./config.ts";
import { deploy, type Deployment } from "./deploy.ts";
import { localDir } from "./local/install/context.ts";

async function program(): Promise<Deployment> {
  try {
    const source = { stack: pulumi.getStack(), values: pulumi.runtime.allConfig() };
    const config = readStackConfig(source, features.plans);
    return await deploy({ registry: features, config, workDir: path.join(localDir(process.env), "pulumi") });
  } catch (error) {
    // What a person has to mend needs no stack of calls.
    throw error instanceof FreshetError ? new pulumi.RunError(error.message) : error;
  }
}

/** The stack's outputs. */
export const { imagePath, bucket, instance, appProfile, dataset, workerServiceAccount, job, serverUrl } =
  await program();
