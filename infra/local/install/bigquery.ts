import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import { installOnce } from "./install-once.ts";
import { contentKey } from "./maven-artifact.ts";
import { pipInstall } from "./pip.ts";
import { findPython } from "./python.ts";
import { runTool } from "./run-tool.ts";

const PART = "BigQuery emulator";
const REQUIREMENTS = fileURLToPath(new URL("requirements-bigquery.txt", import.meta.url));
const INSTALL_EXTENSION = fileURLToPath(new URL("../bigquery/install_extension.py", import.meta.url));

/** How to run the BigQuery emulator's launcher. */
export interface BigQueryRuntime {
  /** The interpreter that its packages were installed for. */
  readonly python: string;
  /** `PYTHONPATH`, and a `HOME` where DuckDB finds its extension. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the emulator is, once it is installed. */
export function bigqueryFolder(cacheDir: string): string {
  return path.join(cacheDir, `bigquery-${contentKey(readFileSync(REQUIREMENTS, "utf8"))}`);
}

/**
 * Installs the emulator's Python packages and DuckDB's spatial extension.
 * @throws InstallError
 */
export async function ensureBigQueryEmulator(context: InstallContext): Promise<BigQueryRuntime> {
  const folder = bigqueryFolder(context.cacheDir);
  const { python } = await installOnce<{ python: string }>(
    folder,
    async (staging) => {
      context.onProgress({ part: PART, state: "running" });
      const found = await findPython(context.env);
      const packages = packagesOf(staging);
      await pipInstall(PART, found, REQUIREMENTS, packages, context);
      const env = { ...context.env, ...runtimeEnv(staging) };
      await mkdir(homeOf(staging), { recursive: true }); // DuckDB wants it to exist
      const { exitCode, tail } = await runTool(found.executable, [INSTALL_EXTENSION], env, () => undefined);
      if (exitCode !== 0) {
        throw new InstallError(
          "pip_failed",
          `DuckDB's spatial extension could not be installed: ${tail.at(-1) ?? ""}`,
        );
      }
      context.onProgress({ part: PART, state: "done" });
      return { python: found.executable };
    },
    (record) => existsSync(record.python),
  );
  return { python, env: runtimeEnv(folder) };
}

const packagesOf = (folder: string): string => path.join(folder, "packages");
const homeOf = (folder: string): string => path.join(folder, "home");

function runtimeEnv(folder: string): Record<string, string> {
  const home = homeOf(folder);
  return { PYTHONPATH: packagesOf(folder), PYTHONNOUSERSITE: "1", HOME: home };
}
