/**
 * An image without Docker: what its Dockerfile copies is laid out in a folder, beside links to the packages that
 * `npm ci --omit=dev` would install. That shows that the files suffice; not that the image builds, nor anything about
 * Node's image.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { CHECKOUT, localDir } from "../../infra/local/install/context.ts";
import { type Stage, stagesOf } from "./dockerfile.ts";

/** An image's Dockerfile, read. */
export interface ImageFile {
  readonly packages: Stage | undefined;
  readonly image: Stage | undefined;
  /** What the build may see, a line each. */
  readonly ignore: readonly string[];
}

/** @param name of a Dockerfile in `infra/images` */
export function imageFile(name: string): ImageFile {
  const file = path.join(CHECKOUT, "infra", "images", `${name}.Dockerfile`);
  const stages = stagesOf(readFileSync(file, "utf8"));
  return {
    packages: stages.find((stage) => stage.name === "packages"),
    image: stages.at(-1),
    ignore: readFileSync(`${file}.dockerignore`, "utf8").split("\n"),
  };
}

/** Links are kept, so that a package finds only what is linked, and not all that stands in the checkout. */
export const AS_LINKED = ["--preserve-symlinks", "--preserve-symlinks-main"] as const;

/**
 * Lays out an image's files below a folder that stands for its root. What an earlier stage made is taken from where it
 * stands in this checkout: the console's page must be built.
 */
export function layOut({ packages, image }: ImageFile, root: string): void {
  for (const { stage, sources, target } of image?.copies ?? []) {
    for (const source of sources) {
      if (source.endsWith("/node_modules")) continue;
      const from = stage === undefined ? path.join(CHECKOUT, source) : madeHere(source);
      const to = path.join(root, target.endsWith("/") ? target + path.basename(source) : target);
      cpSync(from, to, { recursive: true });
    }
  }
  for (const name of installedPackages(packages)) {
    const link = path.join(root, "freshet", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(CHECKOUT, name), link);
  }
}

/** Where something stands in this checkout that a stage made below `/freshet`. */
function madeHere(source: string): string {
  const below = path.relative("/freshet", source);
  return below.startsWith(".local/")
    ? path.join(localDir(process.env), path.relative(".local", below))
    : path.join(CHECKOUT, below);
}

/** Packages that no `rm` of the first stage takes away again, as paths below `node_modules`. */
function installedPackages(packages: Stage | undefined): string[] {
  const lock = JSON.parse(readFileSync(path.join(CHECKOUT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  const removed = (packages?.runs ?? [])
    .filter((run) => run.startsWith("rm -rf "))
    .flatMap((run) => run.split(" ").slice(2));
  return Object.entries(lock.packages)
    .filter(([name, { dev, optional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(name) && !dev && !optional)
    .map(([name]) => name)
    .filter((name) => !removed.some((gone) => name === gone || name.startsWith(`${gone}/`)));
}
