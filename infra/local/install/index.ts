import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ensureBigQueryEmulator, type BigQueryRuntime } from "./bigquery.ts";
import { ensureBigtableEmulator } from "./bigtable.ts";
import { localDir, type InstallContext } from "./context.ts";
import { ensureEngineJars } from "./engine-jars.ts";
import { ensureJava } from "./java.ts";
import type { Environment } from "./maven-settings.ts";
import type { ProgressListener } from "./progress.ts";

/** What the local stack runs on; each value is ready to use. */
export interface Installation {
  /** Path (or command name) of a Java runtime, 17 or newer. */
  readonly java: string;
  /** Folder with the engine's libraries. */
  readonly engineJars: string;
  /** Path of the Bigtable emulator's binary. */
  readonly bigtable: string;
  readonly bigquery: BigQueryRuntime;
}

/** Options of {@link ensureInstalled}. */
export interface InstallOptions<P extends keyof Installation> {
  /** @default every part */
  readonly what?: readonly P[];
  /** A repository in Maven's layout, instead of every other choice. */
  readonly mavenRepository?: string;
  readonly onProgress?: ProgressListener;
  /** @default process.env */
  readonly env?: Environment;
}

const INSTALLERS: {
  readonly [P in keyof Installation]: (context: InstallContext) => Promise<Installation[P]>;
} = {
  java: ensureJava,
  engineJars: ensureEngineJars,
  bigtable: ensureBigtableEmulator,
  bigquery: ensureBigQueryEmulator,
};

/**
 * Installs what isn't there yet of the local stack, all parts at once, below `.local/cache`. Every part is pinned by
 * checksum. Takes milliseconds when everything is there.
 * @throws InstallError the first part's that can't be had
 */
export async function ensureInstalled<P extends keyof Installation = keyof Installation>(
  options: InstallOptions<P> = {},
): Promise<Pick<Installation, P>> {
  const env = options.env ?? process.env;
  const { onProgress = () => undefined, mavenRepository } = options;
  const installed = new Set<string>();
  const context: InstallContext = {
    cacheDir: path.join(localDir(env), "cache"),
    env,
    onProgress: (progress) => {
      installed.add(progress.part);
      onProgress(progress);
    },
    ...(mavenRepository !== undefined && { mavenRepository }),
  };
  const since = performance.now();
  const what = options.what ?? (Object.keys(INSTALLERS) as P[]);
  const entries = await Promise.all(
    what.map(async (part) => [part, await INSTALLERS[part](context)] as const),
  );
  if (installed.size > 0) {
    const size = await folderSize(context.cacheDir);
    const detail = `${Math.round(size / 1e6)} MB in ${Math.round((performance.now() - since) / 1000)} s`;
    onProgress({ part: "local stack", detail, state: "done" });
  }
  return Object.fromEntries(entries) as Pick<Installation, P>;
}

/** Bytes of all files below a folder. */
async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(path.join(file.parentPath, file.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
