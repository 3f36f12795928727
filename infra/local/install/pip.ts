import path from "node:path";
import { rm } from "node:fs/promises";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import { installOnce } from "./install-once.ts";
import type { Python } from "./python.ts";
import { outputOf, runTool } from "./run-tool.ts";

/**
 * Installs a hash-pinned requirements file into a folder. pip's own configuration (index, proxy, certificates)
 * is honoured.
 * @param part name in progress and messages
 * @throws InstallError `pip_failed`
 */
export async function pipInstall(
  part: string,
  python: Python,
  requirements: string,
  target: string,
  context: InstallContext,
): Promise<void> {
  await rm(target, { recursive: true, force: true }); // pip can't continue a folder that it left half-made
  const pip = await pipOf(python, context);
  const args = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
  // `user` or `require-virtualenv` in someone's pip configuration contradict --target
  const env = { ...context.env, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0" };
  const { exitCode, tail } = await runTool(
    pip,
    [
      ...args,
      "--only-binary",
      ":all:",
      "--require-hashes",
      "--target",
      target,
      "--requirement",
      requirements,
    ],
    env,
    (line) => {
      const [, verb, name] = /^\s*(Collecting|Downloading|Installing) (\S+)/.exec(line) ?? [];
      if (verb === undefined || name === undefined) return;
      context.onProgress({ part, detail: `${verb.toLowerCase()} ${path.basename(name)}`, state: "running" });
    },
  );
  if (exitCode !== 0) {
    const complaint = tail.findLast((line) => line.startsWith("ERROR")) ?? tail.at(-1) ?? "no output";
    throw new InstallError(
      "pip_failed",
      `pip could not install the ${part} for Python ${python.version}: ${complaint}`,
    );
  }
}

/** An interpreter that has pip: the machine's own, or (Debian splits pip off) that of a virtual environment. */
async function pipOf(python: Python, context: InstallContext): Promise<string> {
  if ((await outputOf(python.executable, ["-m", "pip", "--version"], context.env)) !== undefined) {
    return python.executable;
  }
  const folder = path.join(context.cacheDir, `pip-${python.version}`);
  await installOnce(folder, async (staging) => {
    const { exitCode } = await runTool(
      python.executable,
      ["-m", "venv", staging],
      context.env,
      () => undefined,
    );
    if (exitCode === 0) return {};
    throw new InstallError(
      "pip_failed",
      `${python.executable} has neither pip nor venv: install one of them (on Debian and Ubuntu: "apt-get install python3-venv").`,
    );
  });
  return path.join(folder, "bin", "python");
}
