import path from "node:path";
import type { InstallContext } from "./context.ts";
import { installOnce } from "./install-once.ts";
import { fetchArtifacts } from "./maven.ts";
import { contentKey, readLock } from "./maven-artifact.ts";
import { mavenRepository } from "./maven-repository.ts";

const PART = "engine";

/** The pinned libraries of the engine: Beam's Java SDK, Flink, and what they need. */
export const ENGINE_LOCK = new URL("../../engine/jars.lock.json", import.meta.url);

/** Where the engine's libraries are, once they are installed. */
export function engineJarsFolder(cacheDir: string): string {
  return path.join(cacheDir, `engine-${contentKey(...readLock(ENGINE_LOCK).map((a) => a.sha256))}`);
}

/**
 * Fetches the engine's libraries.
 * @returns the folder with the jars
 * @throws InstallError
 */
export async function ensureEngineJars(context: InstallContext): Promise<string> {
  const artifacts = readLock(ENGINE_LOCK);
  const bytesTotal = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const folder = engineJarsFolder(context.cacheDir);
  await installOnce(folder, async (staging) => {
    const report = (bytesDone: number): void =>
      context.onProgress({ part: PART, bytesDone, bytesTotal, state: "running" });
    report(0);
    await fetchArtifacts(artifacts, mavenRepository(context.env, context.mavenRepository), staging, report);
    context.onProgress({ part: PART, state: "done" });
    return {};
  });
  return folder;
}
