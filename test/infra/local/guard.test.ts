import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { guarded } from "../../../infra/local/parts/guarded.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { untilGone } from "../../support/until-gone.ts";

/** A program that watches nothing, as Google's emulator: prints its id, and stays. */
const DEAF = [process.execPath, "-e", "console.log(process.pid); setInterval(() => {}, 1000)"];
const PARENT = fileURLToPath(new URL("fixtures/parent.ts", import.meta.url));

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error("no stdout");
  const [line] = (await once(createInterface({ input: stdout }), "line")) as [string];
  return line;
}

async function startGuarded(): Promise<{ guard: ChildProcess; program: number }> {
  const { command, args } = guarded("python3", DEAF);
  const guard = start(command, args);
  return { guard, program: Number(await firstLine(guard)) };
}

describe("guard.py", () => {
  it("ends its program when its stdin closes", async () => {
    const { guard, program } = await startGuarded();
    guard.stdin?.end();
    await untilGone(program);
  });

  it("ends its program when it is asked to leave", async () => {
    const { guard, program } = await startGuarded();
    guard.kill("SIGTERM");
    await untilGone(program);
  });

  it.runIf(process.platform === "linux")("takes its program along when it is killed (Linux)", async () => {
    const { guard, program } = await startGuarded();
    guard.kill("SIGKILL");
    await untilGone(program);
  });

  it("hands on its program's exit code", async () => {
    const { command, args } = guarded("python3", [process.execPath, "-e", "process.exit(7)"]);
    const [code] = (await once(start(command, args), "exit")) as [number];
    expect(code).toBe(7);
  });
});

it("a parent that is killed leaves neither guard nor program behind", async () => {
  const { command, args } = guarded("python3", DEAF);
  const parent = start(process.execPath, [PARENT, path.join(tempFolder(), "log"), command, ...args]);
  const { pid, line } = JSON.parse(await firstLine(parent)) as { pid: number; line: string };
  parent.kill("SIGKILL");
  await Promise.all([untilGone(pid), untilGone(Number(line))]);
});
