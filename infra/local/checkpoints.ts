import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/**
 * The newest completed checkpoint below a folder where Flink keeps them (`<folder>/<job id>/chk-<n>`; each start of a
 * job has a new id). A checkpoint is complete once its `_metadata` is there.
 * @returns its folder; undefined where there is none
 * @see https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/state/checkpoints/#directory-structure
 */
export async function newestCheckpoint(folder: string): Promise<string | undefined> {
  const found: { checkpoint: string; atMs: number }[] = [];
  for (const job of await subfolders(folder)) {
    for (const checkpoint of await subfolders(job)) {
      if (!path.basename(checkpoint).startsWith("chk-")) continue;
      const metadata = await stat(path.join(checkpoint, "_metadata")).catch(() => undefined);
      if (metadata !== undefined) found.push({ checkpoint, atMs: metadata.mtimeMs });
    }
  }
  const order = (c: string): number => Number(c.slice(c.lastIndexOf("-") + 1));
  found.sort((a, b) => b.atMs - a.atMs || order(b.checkpoint) - order(a.checkpoint));
  return found[0]?.checkpoint;
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name));
}
