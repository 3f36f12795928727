import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { isGoodNode } from "../../../infra/local/bootstrap/node.mjs";
import { untilGone } from "../../support/until-gone.ts";

const BOOTSTRAP = fileURLToPath(new URL("../../../infra/local/bootstrap.mjs", import.meta.url));
const ECHO = fileURLToPath(new URL("fixtures/echo.ts", import.meta.url));

interface Echo {
  readonly pid: number;
  readonly rest: string[];
  readonly path: string[];
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [BOOTSTRAP, ...args], { encoding: "utf8" });
}

/** Runs the fixture that stays, and waits until it runs. */
async function start(): Promise<{ bootstrap: ChildProcess; echo: Echo; nextLine: () => Promise<string> }> {
  const bootstrap = spawn(process.execPath, [BOOTSTRAP, "--script", ECHO, "stay"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void bootstrap.kill("SIGKILL"));
  const lines = createInterface({ input: bootstrap.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  return { bootstrap, echo: JSON.parse(await nextLine()) as Echo, nextLine };
}

describe("isGoodNode", () => {
  it.each([
    ["20.20.2", false],
    ["22.17.1", false],
    ["22.18.0", true],
    ["23.11.0", false],
    ["24.0.0", true],
    ["25.1.0", true],
  ])("%s: %s", (version, expected) => {
    expect(isGoodNode(version)).toBe(expected);
  });
});

describe("bootstrap.mjs", () => {
  it("runs a script with its arguments, the tools on PATH, and its exit code", () => {
    const { status, stdout } = run("--script", ECHO, "7", "--json", "a b");
    const { rest, path } = JSON.parse(stdout) as Echo;
    expect(status).toBe(7);
    expect(rest).toEqual(["--json", "a b"]);
    expect(path[1]).toMatch(/node_modules\/\.bin$/);
  });

  it("runs a tool of node_modules", () => {
    expect(run("--exec", "prettier", "--version")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\./) as string,
    });
  });

  it("says in one sentence what it is missing", () => {
    expect(run("--exec", "nope")).toMatchObject({
      status: 1,
      stderr: 'freshet: there is no tool "nope" in node_modules/.bin.\n',
    });
    expect(run("--script")).toMatchObject({
      status: 2,
      stderr: "freshet: --script needs a name after it.\n",
    });
  });

  it("hands on SIGTERM", async () => {
    const { bootstrap, nextLine } = await start();
    bootstrap.kill("SIGTERM");
    expect(await nextLine()).toBe("asked to leave");
    expect(await once(bootstrap, "exit")).toEqual([0, null]);
  });

  it("asks the program to leave when it is itself killed", async () => {
    const { bootstrap, echo, nextLine } = await start();
    bootstrap.kill("SIGKILL");
    expect(await nextLine()).toBe("asked to leave");
    await untilGone(echo.pid);
  });
});
