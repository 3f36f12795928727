import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { newRunFolder } from "../../../infra/local/run-folder.ts";
import { announceStack, findRunningStack, withdrawStack } from "../../../infra/local/stack-file.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const endpoints = {
  pubsubGrpc: "127.0.0.1:1",
  pubsubRest: "127.0.0.1:2",
  bigtable: "127.0.0.1:3",
  bigquery: "http://127.0.0.1:4",
  bigqueryGrpc: "127.0.0.1:5",
  jobService: "127.0.0.1:6",
  expansion: "127.0.0.1:7",
};

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

it("a stack is found while it runs, until it is withdrawn", async () => {
  const runDir = path.join(tempFolder(), "run");
  const stack = { pid: process.pid, dir: "/run/1", endpoints };
  expect(await findRunningStack(runDir)).toBeUndefined();
  await announceStack(runDir, stack);
  expect(await findRunningStack(runDir)).toEqual(stack);
  await withdrawStack(runDir);
  expect(await findRunningStack(runDir)).toBeUndefined();
});

it("a stack whose process is dead counts for nothing", async () => {
  const runDir = tempFolder();
  await announceStack(runDir, { pid: deadPid(), dir: "/run/1", endpoints });
  expect(await findRunningStack(runDir)).toBeUndefined();
});

it("a new run removes dead ones but the last three, and nothing else", async () => {
  const runDir = tempFolder();
  const dead = deadPid();
  const old = [1, 2, 3, 4, 5].map((day) => `2026010${day}T000000-${dead}`);
  const alive = `20251231T000000-${process.pid}`;
  for (const name of [...old, alive, "notes"]) mkdirSync(path.join(runDir, name));

  const made = await newRunFolder(runDir, Date.UTC(2026, 0, 6, 7, 8, 9));
  expect(path.basename(made)).toBe(`20260106T070809-${process.pid}`);
  expect(readdirSync(runDir).sort()).toEqual([alive, ...old.slice(2), path.basename(made), "notes"].sort());
});
