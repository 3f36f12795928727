import { mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { isAlive } from "./is-alive.ts";

const KEPT_RUNS = 3;
const RUN_NAME = /^\d{8}T\d{6}-(\d+)$/;

/**
 * Makes the folder of a new run, named by its time and process, and removes those of old runs but the last few, whose
 * logs may still be wanted.
 */
export async function newRunFolder(runDir: string, nowMs: number): Promise<string> {
  await mkdir(runDir, { recursive: true });
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const folder = path.join(runDir, `${time}-${process.pid}`);
  await mkdir(folder, { recursive: true });

  const runs = (await readdir(runDir)).filter((name) => RUN_NAME.test(name)).sort();
  const dead = runs.filter((name) => !isAlive(Number(RUN_NAME.exec(name)?.[1])));
  const old = dead.slice(0, Math.max(0, dead.length - KEPT_RUNS));
  await Promise.all(old.map((name) => rm(path.join(runDir, name), { recursive: true, force: true })));
  return folder;
}
