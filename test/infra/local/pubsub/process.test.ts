import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { PROJECT, rest } from "../../../support/pubsub-endpoint.ts";

const MAIN = new URL("../../../../infra/local/pubsub/main.ts", import.meta.url).pathname;

interface Running {
  readonly process: ChildProcess;
  readonly grpc: string;
  readonly rest: string;
}

const running: ChildProcess[] = [];
const directory = mkdtempSync(join(tmpdir(), "freshet-pubsub-"));
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

function launch(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  running.push(child);
  return child;
}

async function start(...args: string[]): Promise<Running> {
  const child = launch(...args);
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const ready = JSON.parse(line) as { ready: boolean; grpc: string; rest: string; pid: number };
  expect(ready).toMatchObject({ ready: true, pid: child.pid });
  return { process: child, grpc: ready.grpc, rest: ready.rest };
}

test("killed in the middle of a stream, it loses nothing that a publisher was told of", async () => {
  const first = await start("--data", directory);
  await rest(first, "PUT", "topics/orders", {});
  await rest(first, "PUT", "subscriptions/all-orders", { topic: `projects/${PROJECT}/topics/orders` });
  const told: string[] = [];
  const publishing = (async () => {
    for (let n = 0; ; n++) {
      const messages = Array.from({ length: 20 }, (_, i) => ({ attributes: { event_id: `${n}-${i}` } }));
      const { body } = await rest(first, "POST", "topics/orders:publish", { messages });
      told.push(...(body["messageIds"] as string[]));
      if (n === 20) first.process.kill("SIGKILL");
    }
  })().catch(() => "killed");
  expect(await publishing).toBe("killed");
  expect(told.length).toBeGreaterThanOrEqual(420);

  const second = await start("--data", directory);
  const kept: string[] = [];
  for (;;) {
    const { body } = await rest(second, "POST", "subscriptions/all-orders:pull", {
      maxMessages: 1000,
      returnImmediately: true,
    });
    const received = (body["receivedMessages"] ?? []) as { message: { messageId: string } }[];
    if (received.length === 0) break;
    kept.push(...received.map(({ message }) => message.messageId));
  }
  expect(new Set(kept).size).toBe(kept.length);
  expect(told.filter((id) => !kept.includes(id))).toEqual([]);
});

test("it ends when its standard input does", async () => {
  const { process: child } = await start();
  child.stdin?.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("it ends on SIGTERM", async () => {
  const { process: child } = await start();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("a port in use is one sentence and exit code 1", async () => {
  const { rest: taken } = await start();
  const child = launch("--rest-port", taken.split(":")[1] ?? "");
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit") as Promise<[number]>]);
  expect(said).toMatch(/^The Pub\/Sub endpoint can't start: .*EADDRINUSE.*\n$/);
  expect(code).toBe(1);
});

test("a port that is none, and an option that is none, are refused", async () => {
  for (const args of [["--grpc-port", "many"], ["--nonsense"]]) {
    const child = launch(...args);
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit") as Promise<[number]>]);
    expect(said).toMatch(/^The Pub\/Sub endpoint can't start: .*\n$/);
    expect(code).toBe(1);
  }
});
