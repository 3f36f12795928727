import { statfs } from "node:fs/promises";
import os from "node:os";
import { isGoodNode } from "../bootstrap/node.mjs";
import { findJava } from "../install/java.ts";
import type { Environment } from "../install/maven-settings.ts";
import { findPython } from "../install/python.ts";
import { outputOf } from "../install/run-tool.ts";
import { claimPort, LOOPBACK } from "../ports.ts";
import { fine, type Finding } from "./finding.ts";

const GIGABYTE = 1e9;
/** Everything installed is 0.8 GB; a run's data and what pip needs meanwhile come on top. */
const DISK_NEEDED = 2.5 * GIGABYTE;
/** Engine 1 GB, BigQuery 0.4 GB, the rest 0.5 GB. */
const MEMORY_NEEDED = 4 * GIGABYTE;

const inGigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`;

/** Whether there are binaries for this platform. */
export function checkPlatform(): Finding {
  const platform = `${process.platform} ${process.arch}`;
  const isKnown = ["linux", "darwin"].includes(process.platform) && ["x64", "arm64"].includes(process.arch);
  if (isKnown) return fine("platform", platform);
  const advice = "Use Linux or macOS on x64 or arm64; on Windows, WSL 2.";
  return { check: "platform", status: "error", found: platform, advice };
}

/** Whether this Node runs the project. */
export function checkNode(): Finding {
  const { node } = process.versions;
  if (isGoodNode(node)) return fine("Node", node);
  const advice = "Run freshet by `npm run -s freshet --` or `npx freshet`, which bring the right one.";
  return { check: "Node", status: "error", found: node, advice };
}

/** Whether there is a Python, and a way to install packages for it. */
export async function checkPython(env: Environment): Promise<Finding> {
  try {
    const { executable, version } = await findPython(env);
    const hasPip = (await outputOf(executable, ["-m", "pip", "--version"], env)) !== undefined;
    const hasVenv = (await outputOf(executable, ["-c", "import ensurepip"], env)) !== undefined;
    const found = `${version} (${executable})`;
    if (hasPip || hasVenv) return fine("Python", found);
    const advice = 'Install pip or venv for it (on Debian and Ubuntu: "apt-get install python3-venv").';
    return { check: "Python", status: "error", found: `${found}, without pip and venv`, advice };
  } catch (error) {
    const advice = error instanceof Error ? error.message : String(error);
    return { check: "Python", status: "error", found: "none that is new enough", advice };
  }
}

/** Which Java the engine will run on. */
export async function checkJava(env: Environment): Promise<Finding> {
  const java = await findJava(env);
  if (java !== undefined) return fine("Java", `${java.version} (${java.executable})`);
  return fine("Java", "none, or older than 17: a runtime from PyPI is used");
}

/** Whether there is memory for the whole stack. */
export function checkMemory(): Finding {
  const found = `${inGigabytes(os.totalmem())} in all`;
  if (os.totalmem() >= MEMORY_NEEDED) return fine("memory", found);
  const advice = `The stack and the worker want ${inGigabytes(MEMORY_NEEDED)}.`;
  return { check: "memory", status: "warning", found, advice };
}

/**
 * Whether there is room for what is installed.
 * @param folder one that exists, on the disk in question
 */
export async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const found = `${inGigabytes(bavail * bsize)} free at ${folder}`;
  if (bavail * bsize >= DISK_NEEDED) return fine("disk", found);
  const advice = `Make room: ${inGigabytes(DISK_NEEDED)} are wanted; or set FRESHET_LOCAL to a folder elsewhere.`;
  return { check: "disk", status: "warning", found, advice };
}

/** Whether a program may listen on loopback. */
export async function checkPorts(): Promise<Finding> {
  try {
    await claimPort("doctor");
    return fine("ports", `free ones on ${LOOPBACK}`);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const advice = `Allow programs to listen on ${LOOPBACK}.`;
    return { check: "ports", status: "error", found, advice };
  }
}
