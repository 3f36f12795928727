import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { Supervisor, type StackEvent } from "../../../infra/local/supervisor.ts";
import { jsonReadiness } from "../../../infra/local/processes.ts";
import type { PartSpec } from "../../../infra/local/parts/setup.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { untilGone } from "../../support/until-gone.ts";

const PART = fileURLToPath(new URL("fixtures/part.mjs", import.meta.url));

function spec(): PartSpec {
  const logFile = path.join(tempFolder(), "part.log");
  return { name: "bigtable", command: process.execPath, args: [PART], logFile, readiness: jsonReadiness };
}

/** A supervisor, its events so far, and a wait for the next crash. */
function supervised(): { supervisor: Supervisor; types: string[]; crash: Promise<StackEvent> } {
  const types: string[] = [];
  const { promise: crash, resolve } = Promise.withResolvers<StackEvent>();
  const supervisor = new Supervisor((event) => {
    types.push(`${event.part} ${event.type}`);
    if (event.type === "crashed") resolve(event);
  });
  onTestFinished(() => supervisor.stopAll());
  return { supervisor, types, crash };
}

it("tells of a crash, and starts the part again", async () => {
  const { supervisor, types, crash } = supervised();
  const request = spec();
  await supervisor.start("bigtable", request);
  const { bigtable: pid = 0 } = supervisor.pids();
  process.kill(pid, "SIGKILL");
  expect(await crash).toMatchObject({
    part: "bigtable",
    exit: { code: null, signal: "SIGKILL" },
    logFile: request.logFile,
  });
  expect(supervisor.pids()).toEqual({});
  await supervisor.start("bigtable", spec());
  expect(types).toEqual(["bigtable ready", "bigtable crashed", "bigtable ready"]);
});

it("says nothing of a part that it ended itself", async () => {
  const { supervisor, types } = supervised();
  await supervisor.start("bigtable", spec());
  const { bigtable: pid = 0 } = supervisor.pids();
  await supervisor.kill("bigtable");
  await untilGone(pid);
  await supervisor.start("bigtable", spec());
  await supervisor.stopAll();
  expect(types).toEqual(["bigtable ready", "bigtable ready"]);
  expect(supervisor.pids()).toEqual({});
});
