import { spawn } from "node:child_process";
import path from "node:path";
import { FreshetError } from "../../pipeline/core/errors.ts";
import { localDir } from "./install/context.ts";
import { progressDisplay } from "./install/progress.ts";
import { ensurePulumi, pulumiEnvironment } from "./install/pulumi.ts";

/*
 * Runs Pulumi's CLI on this checkout: `npm run -s pulumi -- preview --stack small`. It is the one on PATH, or one that is
 * built once (some minutes); the project's Node comes first on PATH, so that the program runs on it.
 */

try {
  const cli = await ensurePulumi({
    cacheDir: path.join(localDir(process.env), "cache"),
    env: process.env,
    onProgress: progressDisplay(process.stderr),
  });
  const child = spawn(cli.executable, process.argv.slice(2), {
    stdio: "inherit",
    env: { ...pulumiEnvironment(cli, process.env) },
  });
  // Ctrl-C in a terminal reaches Pulumi by itself, and it winds up what is going on: then this must not be gone before it
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", fail);
  child.on("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  if (!(error instanceof FreshetError)) throw error;
  process.stderr.write(`freshet: ${error.message}\n`);
  process.exitCode = 1;
}
