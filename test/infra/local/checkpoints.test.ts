import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { newestCheckpoint } from "../../../infra/local/checkpoints.ts";
import { tempFolder } from "../../support/temp-folder.ts";

function checkpoint(folder: string, name: string, completedAtS: number | undefined): string {
  const made = path.join(folder, name);
  mkdirSync(made, { recursive: true });
  if (completedAtS !== undefined) {
    const metadata = path.join(made, "_metadata");
    writeFileSync(metadata, "x");
    utimesSync(metadata, completedAtS, completedAtS);
  }
  return made;
}

it("is the newest complete one, whichever start of the job made it", async () => {
  const folder = tempFolder();
  checkpoint(folder, "job-a/chk-9", 1000);
  const newest = checkpoint(folder, "job-b/chk-2", 2000);
  checkpoint(folder, "job-b/chk-3", undefined); // being written when the engine died
  mkdirSync(path.join(folder, "job-b", "shared"));
  expect(await newestCheckpoint(folder)).toBe(newest);
});

it("is the one of the higher number where two are of the same time", async () => {
  const folder = tempFolder();
  checkpoint(folder, "job/chk-9", 1000);
  const newest = checkpoint(folder, "job/chk-10", 1000);
  expect(await newestCheckpoint(folder)).toBe(newest);
});

it("is none where there is no folder, or no checkpoint in it", async () => {
  const folder = tempFolder();
  expect(await newestCheckpoint(folder)).toBeUndefined();
  expect(await newestCheckpoint(path.join(folder, "nowhere"))).toBeUndefined();
});
