import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { jsonReadiness, startChild, type Child, type ChildSpec } from "../../../infra/local/processes.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { untilGone } from "../../support/until-gone.ts";

const PART = fileURLToPath(new URL("fixtures/part.mjs", import.meta.url));

function spec(...wishes: string[]): ChildSpec<object> {
  const logFile = path.join(tempFolder(), "part.log");
  return {
    name: "part",
    command: process.execPath,
    args: [PART, ...wishes],
    logFile,
    readiness: jsonReadiness,
  };
}

async function started(...wishes: string[]): Promise<Child<object>> {
  const child = await startChild(spec(...wishes));
  onTestFinished(async () => {
    await child.kill();
  });
  return child;
}

describe("startChild", () => {
  it("waits for readiness, writes a log, and stops the process", async () => {
    const request = spec();
    const child = await startChild(request);
    expect(child.ready).toMatchObject({ ready: true, pid: child.pid });
    expect(await child.stop()).toEqual({ code: 0, signal: null });
    expect(readFileSync(request.logFile, "utf8")).toMatch(/^some words before\n\{"ready":true/);
  });

  it("tells of a crash", async () => {
    const child = await started();
    process.kill(child.pid, "SIGKILL");
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("kills what the process started, too, even after a crash", async () => {
    const child = await started("with-child");
    const { child: grandchild } = child.ready as { child: number };
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    await untilGone(grandchild);
  });

  it("kills a process that doesn't want to stop, and has all that it printed in the log", async () => {
    const request = spec("stubborn");
    const child = await startChild(request);
    expect(await child.stop()).toEqual({ code: null, signal: "SIGKILL" });
    expect(readFileSync(request.logFile, "utf8")).toMatch(/\nnot yet\n$/);
  }, 10_000);

  it("says why a process ended before it was ready", async () => {
    await expect(startChild(spec("fail"))).rejects.toMatchObject({
      code: "part_died",
      message: expect.stringMatching(
        /^part ended before .*exit code 3.*: there is no such folder; its log is /,
      ) as string,
    });
  });

  it("says that there is no such command", async () => {
    await expect(startChild({ ...spec(), command: "/nowhere/java" })).rejects.toMatchObject({
      code: "part_died",
      message: expect.stringContaining("ENOENT") as string,
    });
  });

  it("gives up a process that doesn't become ready, and leaves none behind", async () => {
    await expect(startChild({ ...spec("silent"), readyWithinMs: 300 })).rejects.toMatchObject({
      code: "part_silent",
    });
  });

  it("gives up when it is told to", async () => {
    const givingUp = new AbortController();
    const starting = startChild(spec("silent"), { signal: givingUp.signal });
    givingUp.abort();
    await expect(starting).rejects.toMatchObject({ code: "part_died" });
  });
});

describe("jsonReadiness", () => {
  it("takes a JSON object with ready: true, and nothing else", () => {
    expect(jsonReadiness('{"ready":true,"pid":1}')).toEqual({ ready: true, pid: 1 });
    for (const line of ['{"ready":false}', "{broken", "ready", "[true]"]) {
      expect(jsonReadiness(line)).toBeUndefined();
    }
  });
});
