import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PARSED, parseOneMessage, startContainer } from "../../support/contract.ts";
import { stagesOf } from "../../support/dockerfile.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/*
 * The worker's image without Docker: what its Dockerfile copies is laid out in a folder, beside links to the packages
 * that `npm ci --omit=dev` would install, and its entry point is started there. It proves that the files suffice; it
 * doesn't prove that the image builds, nor anything about Node's image.
 */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FILE = path.join(ROOT, "infra/images/worker.Dockerfile");
const [packages, image] = stagesOf(readFileSync(FILE, "utf8"));

/** Packages that no `rm` of the first stage takes away again, as paths below `node_modules`. */
function installedPackages(): string[] {
  const lock = JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8")) as {
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

/** Lays out the image's files below a folder that stands for its root. */
function layOut(root: string): void {
  for (const { stage, sources, target } of image?.copies ?? []) {
    for (const source of sources) {
      if (source.endsWith("/node_modules")) continue;
      const from = path.join(ROOT, stage === undefined ? source : path.basename(source));
      const to = path.join(root, target.endsWith("/") ? target + path.basename(source) : target);
      cpSync(from, to, { recursive: true });
    }
  }
  for (const name of installedPackages()) {
    const link = path.join(root, "freshet", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(ROOT, name), link);
  }
}

describe("the worker's image", () => {
  it("installs exactly what the lock file says, without what is for development, and runs no package's scripts", () => {
    expect(packages?.copies).toEqual([
      { stage: undefined, sources: ["package.json", "package-lock.json"], target: "/freshet/" },
    ]);
    expect(packages?.runs[0]).toBe("npm ci --omit=dev --ignore-scripts --no-audit --no-fund");
  });

  it("runs as a user without rights, on an image that can be pinned by digest", () => {
    expect(image?.user).toBe("node");
    expect([packages?.from, image?.from]).toEqual(["${NODE_IMAGE}", "${NODE_IMAGE}"]);
  });

  it("has all that the worker needs, and no more than its context lets in", async () => {
    const ignored = readFileSync(`${FILE}.dockerignore`, "utf8").split("\n");
    for (const { stage, sources } of image?.copies ?? []) {
      for (const source of stage === undefined ? sources : [])
        expect(ignored).toContain(`!${source.split("/")[0]}`);
    }
    const root = tempFolder();
    layOut(root);
    const [node, entry = "", ...rest] = image?.entrypoint ?? [];
    expect([node, rest]).toEqual(["node", []]);

    const runner = await FakeRunner.start();
    runner.provision = { controlEndpoint: { url: runner.url }, loggingEndpoint: { url: runner.url } };
    // links are kept, so that a package finds only what is linked, and not all that stands in the checkout
    const linked = ["--preserve-symlinks", "--preserve-symlinks-main"];
    const { exited } = startContainer([
      ...linked,
      path.join(root, entry),
      "--id=i1",
      `--provision_endpoint=${runner.url}`,
    ]);
    const parsed = parseOneMessage(runner);
    expect(await Promise.race([parsed, exited])).toEqual(PARSED);
    await runner.endControl();
    (await runner.dataCall()).end();
    expect(await exited).toEqual([0, null]);
    runner.stop();
  });
});
