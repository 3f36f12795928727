import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "./maven-settings.ts";
import type { ProgressListener } from "./progress.ts";

/** Root of this checkout. */
export const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));

/** What every part's installation is given. */
export interface InstallContext {
  /** Everything installed goes below it. */
  readonly cacheDir: string;
  readonly env: Environment;
  /** Overrides every other choice of a Maven repository. */
  readonly mavenRepository?: string;
  readonly onProgress: ProgressListener;
}

/** Where what the checkout needs at run time is kept: `.local`, or `FRESHET_LOCAL`. */
export function localDir(env: Environment): string {
  const chosen = env["FRESHET_LOCAL"];
  return chosen === undefined || chosen === "" ? path.join(CHECKOUT, ".local") : path.resolve(chosen);
}
