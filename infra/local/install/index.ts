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
  const context: InstallContext = {
    cacheDir: path.join(localDir(env), "cache"),
    env,
    onProgress: options.onProgress ?? (() => undefined),
    ...(options.mavenRepository !== undefined && { mavenRepository: options.mavenRepository }),
  };
  const what = options.what ?? (Object.keys(INSTALLERS) as P[]);
  const entries = await Promise.all(
    what.map(async (part) => [part, await INSTALLERS[part](context)] as const),
  );
  return Object.fromEntries(entries) as Pick<Installation, P>;
}
