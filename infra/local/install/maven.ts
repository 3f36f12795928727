import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { download, isIntact } from "./download.ts";
import { fileName, repositoryPath, type MavenArtifact } from "./maven-artifact.ts";
import type { MavenRepository } from "./maven-repository.ts";

const CONCURRENT_DOWNLOADS = 6;

/**
 * Brings pinned artifacts into a folder: those that are there stay, those in Maven's own cache are copied, the rest is
 * downloaded, several at once.
 * @param onBytes called with the bytes that are there, of all
 * @throws InstallError
 */
export async function fetchArtifacts(
  artifacts: readonly MavenArtifact[],
  repository: MavenRepository,
  folder: string,
  onBytes: (bytesDone: number) => void,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const doneOf = new Map<MavenArtifact, number>();
  const report = (artifact: MavenArtifact, bytes: number): void => {
    doneOf.set(artifact, bytes);
    onBytes([...doneOf.values()].reduce((sum, n) => sum + n, 0));
  };

  const queue = artifacts.toSorted((a, b) => b.bytes - a.bytes);
  const worker = async (): Promise<void> => {
    for (let artifact = queue.shift(); artifact !== undefined; artifact = queue.shift()) {
      const current = artifact;
      await fetchArtifact(current, repository, folder, (bytes) => report(current, bytes));
      report(current, current.bytes);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_DOWNLOADS }, worker));
}

async function fetchArtifact(
  artifact: MavenArtifact,
  repository: MavenRepository,
  folder: string,
  onBytes: (bytesDone: number) => void,
): Promise<void> {
  const { sha256, bytes } = artifact;
  const to = path.join(folder, fileName(artifact));
  if (await isIntact(to, artifact)) return;

  const inMavensCache = path.join(repository.localRepository, repositoryPath(artifact));
  if (await isIntact(inMavensCache, artifact)) {
    await copyFile(inMavensCache, to);
    return;
  }
  const url = `${repository.url}/${repositoryPath(artifact)}`;
  await download({ url, headers: repository.headers, to, sha256, bytes, onBytes });
}
