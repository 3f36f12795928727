import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { withFileLock } from "./file-lock.ts";

const STAMP = "installed.json";

/**
 * Makes a folder exactly once: it appears under its name only when whole, with the record that `build` returned.
 * Later calls, and other processes, only read that record.
 *
 * An interrupted build is continued in its staging folder, so `build` must accept what it finds there.
 * @param folder names its content (a version, a content key), so that other content gets another folder
 * @param isUsable says whether a record found still holds on this machine
 */
export async function installOnce<R extends object>(
  folder: string,
  build: (staging: string) => Promise<R>,
  isUsable: (record: R) => boolean = () => true,
): Promise<R> {
  const installed = await readRecord<R>(folder);
  if (installed !== undefined && isUsable(installed)) return installed;

  await mkdir(path.dirname(folder), { recursive: true });
  return withFileLock(`${folder}.lock`, async () => {
    const meanwhile = await readRecord<R>(folder);
    if (meanwhile !== undefined && isUsable(meanwhile)) return meanwhile;
    const staging = `${folder}.partial`;
    await mkdir(staging, { recursive: true });
    const record = await build(staging);
    await writeFile(path.join(staging, STAMP), JSON.stringify(record));
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    return record;
  });
}

/** The record of an installed folder; undefined where it isn't installed. */
export async function readRecord<R extends object>(folder: string): Promise<R | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, STAMP), "utf8")) as R;
  } catch {
    return undefined;
  }
}
