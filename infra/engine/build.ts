import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensureInstalled } from "../local/install/index.ts";
import { progressDisplay } from "../local/install/progress.ts";

/**
 * Compiles the engine. Its jar is committed, since a Java runtime alone has no compiler, with the digest of its
 * sources in the manifest:
 *
 *     node infra/engine/build.ts            compiles (needs a JDK, 17 or newer)
 *     node infra/engine/build.ts --check    fails where the jar isn't of the present sources
 */

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** The compiled classes of the engine. */
export const ENGINE_JAR = path.join(FOLDER, "engine.jar");

const DIGEST_ENTRY = "Sources-SHA-256";
/** Entries of a jar carry times; a fixed one makes equal sources an equal jar. */
const ENTRY_TIME = "2000-01-01T00:00:00Z";

/** Files of the engine below a folder, sorted, relative to it. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** SHA-256 over names and contents of all sources, in base64 (a manifest's line holds 72 bytes). */
export function sourceDigest(): string {
  const hash = createHash("sha256");
  for (const part of ["src", "resources"]) {
    for (const file of filesBelow(path.join(FOLDER, part))) {
      hash.update(`${part}/${file.split(path.sep).join("/")}\0`);
      hash.update(readFileSync(path.join(FOLDER, part, file))).update("\0");
    }
  }
  return hash.digest("base64");
}

/** The digest in the committed jar's manifest, which is stored uncompressed; undefined where there is none. */
export function compiledDigest(): string | undefined {
  const jar = readFileSync(ENGINE_JAR, "latin1");
  return new RegExp(`^${DIGEST_ENTRY}: (\\S+)\\s*$`, "m").exec(jar)?.[1];
}

/** Compiles the sources against the engine's locked libraries. */
export async function build(): Promise<void> {
  const { engineJars } = await ensureInstalled({
    what: ["engineJars"],
    onProgress: progressDisplay(process.stderr),
  });
  const work = mkdtempSync(path.join(FOLDER, ".build-"));
  try {
    const classes = path.join(work, "classes");
    const sources = filesBelow(path.join(FOLDER, "src")).map((file) => path.join(FOLDER, "src", file));
    const lint = ["-Xlint:all,-path,-processing,-classfile,-try", "-Werror", "-proc:none"];
    const javac = ["--release", "17", ...lint, "-classpath", `${engineJars}/*`, "-d", classes, ...sources];
    execFileSync("javac", javac, { stdio: "inherit" });
    cpSync(path.join(FOLDER, "resources"), classes, { recursive: true });

    const manifest = path.join(work, "manifest");
    writeFileSync(manifest, `${DIGEST_ENTRY}: ${sourceDigest()}\n`);
    const jar = path.join(work, "engine.jar");
    const pack = ["--create", "--no-compress", "--date", ENTRY_TIME, "--file", jar, "--manifest", manifest];
    execFileSync("jar", [...pack, "-C", classes, "."], { stdio: "inherit" });
    renameSync(jar, ENGINE_JAR);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether the committed jar is of the present sources; says how to mend it where not. */
export function check(): boolean {
  if (compiledDigest() === sourceDigest()) return true;
  console.error("infra/engine/engine.jar is not of the present sources: run `node infra/engine/build.ts`.");
  return false;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--check")) {
    process.exitCode = check() ? 0 : 1;
  } else {
    await build();
  }
}
