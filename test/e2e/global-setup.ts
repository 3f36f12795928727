import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { localDir } from "../../infra/local/install/context.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { startStack } from "../../infra/local/stack.ts";
import "../support/stack-context.ts";

/**
 * One local stack for all end-to-end tests; installs first what is missing of it. Its engine is for bounded jobs: a
 * live job needs an engine of its own, since cancelling does not end a job on an embedded Flink.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runDir = await mkdtemp(path.join(localDir(process.env), "test-"));
  const stack = await startStack({
    runDir,
    pubsubEmulatorHost: null,
    onProgress: progressDisplay(process.stderr),
  });
  project.provide("stack", stack.endpoints);
  return async () => {
    await stack.stop();
    await rm(runDir, { recursive: true, force: true });
  };
}
