import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import { type Go, withGo } from "./go.ts";
import { installOnce, readRecord } from "./install-once.ts";
import type { Environment } from "./maven-settings.ts";
import { contentKey } from "./maven-artifact.ts";
import { outputOf, runTool } from "./run-tool.ts";

/*
 * Pulumi's CLI: the one on PATH, or one that is built from Go's module proxy, where every module is pinned by go.sum. It
 * isn't downloaded as a release: no registry has it, and nothing would say that it is the right file.
 */

const PART = "Pulumi's CLI";
const MODULE = fileURLToPath(new URL("pulumi/", import.meta.url));
const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const HOST = "pulumi-language-nodejs";
/** The oldest that was tried with the SDK that the project has. */
const OLDEST_MINOR = 250;

/** A Pulumi CLI that runs here. */
export interface PulumiCli {
  readonly executable: string;
  /** For example `v3.274.1`. */
  readonly version: string;
}

/** Where a built CLI is, once it is there. */
export function pulumiFolder(cacheDir: string): string {
  return path.join(cacheDir, `pulumi-${contentKey(readFileSync(path.join(MODULE, "go.sum"), "utf8"))}`);
}

/** The CLI that is there already, from PATH or built before; undefined where there is none that is new enough. */
export async function findPulumi(env: Environment, cacheDir: string): Promise<PulumiCli | undefined> {
  const onPath = onPathOf("pulumi", env);
  if (onPath !== undefined) {
    const version = (await outputOf(onPath, ["version"], env))?.match(/^v3\.(\d+)\.\S+/m);
    if (version !== undefined && version !== null && Number(version[1]) >= OLDEST_MINOR) {
      return { executable: onPath, version: version[0] };
    }
  }
  const folder = pulumiFolder(cacheDir);
  const built = await readRecord<{ version: string }>(folder);
  return built && { executable: path.join(folder, "bin", "pulumi"), version: built.version };
}

/**
 * A CLI: the one that is there, else it is built, which takes some minutes.
 * @throws InstallError `build_failed`, or what keeps Go from being had
 */
export async function ensurePulumi(context: InstallContext): Promise<PulumiCli> {
  const found = await findPulumi(context.env, context.cacheDir);
  if (found !== undefined) return found;
  const folder = pulumiFolder(context.cacheDir);
  const { version } = await installOnce(folder, async (staging) => {
    context.onProgress({ part: PART, state: "running" });
    const record = { version: lockedVersion() };
    await mkdir(path.join(staging, "bin"), { recursive: true });
    await withGo(context, path.join(staging, "go"), (go) => build(go, record.version, staging, context));
    context.onProgress({ part: PART, state: "done" });
    return record;
  });
  return { executable: path.join(folder, "bin", "pulumi"), version };
}

/**
 * The environment in which a CLI runs the project's program: this Node first on PATH, since the program's Node comes
 * from there, and the project's language host last, which counts only for a CLI that has none of its own.
 */
export function pulumiEnvironment({ executable }: PulumiCli, env: Environment): Environment {
  const folders = [path.dirname(process.execPath), path.dirname(executable), env["PATH"] ?? ""];
  const withPath = (more: readonly string[]): Environment => ({
    ...env,
    PATH: [...folders, ...more].join(path.delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  });
  const hasHost = onPathOf(HOST, withPath([])) !== undefined;
  return withPath(hasHost ? [] : [path.join(MODULE, "bin")]);
}

async function build(go: Go, version: string, staging: string, context: InstallContext): Promise<void> {
  const goFlags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-modcacherw"];
  const env = { ...context.env, CGO_ENABLED: "0", GOWORK: "off", ...go.env, GOFLAGS: goFlags.join(" ") };
  const linkerFlags = `-s -w -X ${VERSION_VARIABLE}=${version}`;
  const output = path.join(staging, "bin", "pulumi");
  const args = ["build", "-C", MODULE, "-v", "-ldflags", linkerFlags, "-o", output, PACKAGE];
  let compiled = 0;
  const { exitCode, tail } = await runTool(go.executable, args, env, (line) => {
    const fetched = /^go: downloading (\S+)/.exec(line)?.[1];
    const detail = fetched === undefined ? `${++compiled} packages compiled` : `downloading ${fetched}`;
    context.onProgress({ part: PART, detail, state: "running" });
  });
  if (exitCode === 0 && existsSync(output)) return;
  throw new InstallError(
    "build_failed",
    `Pulumi's CLI could not be built with Go: ${tail.at(-1) ?? "no output"}. Install Pulumi (https://www.pulumi.com/docs/install), so that it is on PATH.`,
  );
}

/** The version that go.mod pins. */
function lockedVersion(): string {
  const text = readFileSync(path.join(MODULE, "go.mod"), "utf8");
  const [, version] = /github\.com\/pulumi\/pulumi\/pkg\/v3 (v\S+)/.exec(text) ?? [];
  if (version === undefined) throw new InstallError("bad_lock", "go.mod of Pulumi's CLI pins no version.");
  return version;
}

function onPathOf(name: string, env: Environment): string | undefined {
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
