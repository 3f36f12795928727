import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { localDir } from "../../infra/local/install/context.ts";
import type { RunningStack } from "../../infra/local/stack-file.ts";
import { isAlive } from "../../infra/local/is-alive.ts";
import type { Status } from "../../pipeline/commands/status.ts";
import { untilGone } from "../support/until-gone.ts";

/*
 * `freshet start` as a user runs it: the simulated shop comes through, the counts add up, and nothing is left behind,
 * whether it is asked to end or killed. It doesn't prove a terminal's own Ctrl-C, which reaches a whole process group.
 */
const BOOTSTRAP = fileURLToPath(new URL("../../infra/local/bootstrap.mjs", import.meta.url));
let runDir = "";
beforeAll(async () => {
  runDir = await mkdtemp(path.join(localDir(process.env), "test-start-"));
});
afterAll(() => rm(runDir, { recursive: true, force: true }));

/** Starts it; resolves with the first status in which panes of every view have left, and an event was late. */
async function started() {
  const child = spawn(
    process.execPath,
    [BOOTSTRAP, "start", "--own-pubsub", "--json", "--rate", "100", "--run-dir", runDir],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    process.stderr.write(text);
  });
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const status = (JSON.parse(line) as Status).events["shop_event"];
    if (status === undefined) throw new Error("the status tells nothing of shop_event");
    const views = Object.values(status.views);
    const isShown = views.every(({ panes }) => panes > 0) && views.some(({ late }) => late > 0);
    if (isShown && status.dead_letter > 0) {
      const stack = JSON.parse(await readFile(path.join(runDir, "stack.json"), "utf8")) as RunningStack;
      const processes = await descendants(child.pid ?? 0);
      return { child, exited, status, stack, processes, said };
    }
  }
  throw new Error("it ended before a pane had left");
}

/** Everything that a process started, and what that started. */
async function descendants(root: number): Promise<number[]> {
  const children = async (pid: number): Promise<number[]> => {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    const own = text.split(" ").filter(Boolean).map(Number);
    return [...own, ...(await Promise.all(own.map(children))).flat()];
  };
  return children(root);
}

describe.skipIf(process.platform !== "linux")("freshet start", () => {
  it("runs the simulated shop, counts each message once, and ends at a signal", async () => {
    const { child, exited, status, processes, said } = await started();
    expect(status.read).toBe(status.decoded + status.dead_letter);
    expect(status.views["item_activity"]?.applied).toBeGreaterThan(0); // purchases follow views, minutes later
    expect(Object.values(status.dead_letters).reduce((sum, n) => sum + n, 0)).toBe(status.dead_letter);
    for (const { applied, late, window_closed: closed, filtered, duplicate } of Object.values(status.views)) {
      // What is between the shuffle and the windows at this moment is not counted yet.
      expect(applied + late + closed + filtered + duplicate).toBeLessThanOrEqual(status.decoded);
    }
    expect(processes.length).toBeGreaterThanOrEqual(6); // itself, engine, Pub/Sub, Bigtable, BigQuery, worker
    const [, server = ""] = /see it: (http:\S+)\/console\//.exec(said) ?? [];
    expect(await (await fetch(`${server}/console/`)).text()).toContain("<title>Freshet</title>");
    expect((await fetch(`${server}/readyz`)).status).toBe(200);
    child.kill("SIGINT");
    expect(await exited).toBe(0);
    expect(processes.filter(isAlive)).toEqual([]);
  });

  it("leaves no process behind when it is killed", async () => {
    const { child, exited, stack, processes } = await started();
    process.kill(stack.pid, "SIGKILL");
    child.kill("SIGKILL");
    await exited;
    await Promise.all(processes.map(untilGone));
    expect(processes.filter(isAlive)).toEqual([]);
  });
});
