/** Programs in Python that only a bench runs: from PyPI, pinned by hash, below `.local`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { localDir } from "../../infra/local/install/context.ts";
import { installOnce } from "../../infra/local/install/install-once.ts";
import { contentKey } from "../../infra/local/install/maven-artifact.ts";
import { pipInstall } from "../../infra/local/install/pip.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import { findPython } from "../../infra/local/install/python.ts";

/** How to run a program that is installed. */
export interface PythonTool {
  readonly python: string;
  /** `PYTHONPATH`. */
  readonly env: Readonly<Record<string, string>>;
}

/** Installs what `requirements-<name>.txt` beside this file names, unless it is there. @throws InstallError */
export async function ensurePythonTool(name: "feast" | "schemathesis"): Promise<PythonTool> {
  const requirements = fileURLToPath(new URL(`requirements-${name}.txt`, import.meta.url));
  const cacheDir = path.join(localDir(process.env), "cache");
  const folder = path.join(cacheDir, `${name}-${contentKey(readFileSync(requirements, "utf8"))}`);
  const onProgress = progressDisplay(process.stderr);
  const { python } = await installOnce<{ python: string }>(
    folder,
    async (staging) => {
      onProgress({ part: name, state: "running" });
      const found = await findPython(process.env);
      const context = { cacheDir, env: process.env, onProgress };
      await pipInstall(name, found, requirements, path.join(staging, "packages"), context);
      onProgress({ part: name, state: "done" });
      return { python: found.executable };
    },
    (record) => existsSync(record.python),
  );
  return { python, env: { PYTHONPATH: path.join(folder, "packages") } };
}
