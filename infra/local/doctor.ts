import { existsSync } from "node:fs";
import path from "node:path";
import type { Finding } from "./doctor/finding.ts";
import {
  checkDisk,
  checkJava,
  checkMemory,
  checkNode,
  checkPlatform,
  checkPorts,
  checkPython,
} from "./doctor/machine.ts";
import { checkEngineJars, checkMaven, checkParts, checkPip, checkPulumi } from "./doctor/parts.ts";
import { CHECKOUT, localDir } from "./install/context.ts";
import type { Environment } from "./install/maven-settings.ts";
import { choosePubsub } from "./parts/pubsub-choice.ts";
import { findRunningStack } from "./stack-file.ts";

export type { Finding } from "./doctor/finding.ts";

/** Options of {@link doctor}. */
export interface DoctorOptions {
  readonly mavenRepository?: string;
  /** @default process.env */
  readonly env?: Environment;
}

/**
 * Looks at all that the local stack needs of this machine, and says what is missing and how to get it. Changes nothing.
 * The stack can't start where a finding is an `error`; a command should then exit with 1.
 */
export async function doctor(options: DoctorOptions = {}): Promise<Finding[]> {
  const env = options.env ?? process.env;
  const local = localDir(env);
  const cacheDir = path.join(local, "cache");
  const asked = await Promise.all([
    checkPython(env),
    checkJava(env),
    checkDisk(existsSync(local) ? local : CHECKOUT),
    checkPorts(),
    checkStack(path.join(local, "run")),
    checkParts(cacheDir),
    checkEngineJars(cacheDir),
    checkMaven(env, options.mavenRepository),
    checkPip(env),
    checkPulumi(env, cacheDir),
  ]);
  const findings = [checkPlatform(), checkNode(), checkMemory(), checkPubsub(env), ...asked];
  return findings.flat().filter((finding) => finding !== undefined);
}

/** Lines for a terminal: a mark, what was looked at, what was found, and below it what to do. */
export function describeFindings(findings: readonly Finding[]): string[] {
  const marks = { ok: "✓", warning: "!", error: "✗" };
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, status, found, advice }) => [
    `${marks[status]} ${check.padEnd(width)}  ${found}`,
    ...(advice === undefined ? [] : [`${" ".repeat(width + 4)}→ ${advice}`]),
  ]);
}

function checkPubsub(env: Environment): Finding {
  const choice = choosePubsub(undefined, env);
  const found = {
    own: "this project's endpoint",
    official: "the Cloud SDK's emulator (without the raw archive: it has no BigQuery subscriptions)",
    elsewhere: `${env["PUBSUB_EMULATOR_HOST"] ?? ""} (PUBSUB_EMULATOR_HOST)`,
  }[choice.kind];
  return { check: "Pub/Sub", status: "ok", found };
}

async function checkStack(runDir: string): Promise<Finding> {
  const stack = await findRunningStack(runDir);
  const found = stack === undefined ? "none runs" : `runs as process ${stack.pid}; logs in ${stack.dir}`;
  return { check: "stack", status: "ok", found };
}
