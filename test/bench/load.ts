/**
 * An open load, from a process of its own: requests leave when they are due, whether earlier ones have been answered or not,
 * and their time counts from then. So a server that stalls makes all that come meanwhile late, as it does for users; a load
 * that waits for answers would leave them out (coordinated omission).
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { postJson } from "./http-post.ts";
import { quantileOf } from "./support.ts";

/** What is sent. */
export interface Load {
  readonly url: string;
  /** Sent in turn, each by POST as JSON. */
  readonly bodies: readonly string[];
  readonly ratePerSecond: number;
  readonly seconds: number;
  /**
   * So many callers instead, each of which asks again once it has its answer: shows what a request costs a busy server, and
   * says nothing of latencies.
   */
  readonly callers?: number;
}

/** What came of it. */
export interface LoadResult {
  readonly answered: number;
  /** Answers other than 200, and none. */
  readonly failed: number;
  /** From when a request was due to its whole answer, ms. A timer of 1 ms sends them: half of that is its own. */
  readonly p50: number;
  readonly p99: number;
}

/** The process that sends. */
export interface LoadSender {
  run(load: Load): Promise<LoadResult>;
  stop(): void;
}

const SELF = fileURLToPath(import.meta.url);
const CONNECTIONS = 64;

/** Starts the process. */
export function loadSender(): LoadSender {
  // Without this process's own options: the watch over its parent, which the command line starts it with, ends a fork.
  const child = fork(SELF, ["sender"], { execArgv: [] });
  process.on("exit", () => void child.kill());
  return {
    async run(load) {
      child.send(load);
      const [result] = (await once(child, "message")) as [LoadResult];
      return result;
    },
    stop: () => void child.kill(),
  };
}

if (process.argv[1] === SELF && process.argv[2] === "sender") {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  process.on("message", (load: Load) => {
    void (load.callers === undefined ? send(load, agent) : askInTurn(load, load.callers, agent)).then(
      (result) => process.send?.(result),
    );
  });
}

async function send({ url, bodies, ratePerSecond, seconds }: Load, agent: Agent): Promise<LoadResult> {
  const times: number[] = [];
  const under = new Set<Promise<void>>();
  const total = Math.round(ratePerSecond * seconds);
  const startMs = performance.now();
  let failed = 0;
  let sent = 0;
  const dueMs = () => startMs + (sent / ratePerSecond) * 1_000;
  while (sent < total) {
    for (; sent < total && dueMs() <= performance.now(); sent++) {
      const fromMs = dueMs();
      const asked = postJson(url, bodies[sent % bodies.length] ?? "", agent)
        .then(({ status }) => {
          times.push(performance.now() - fromMs);
          if (status !== 200) failed += 1;
        })
        .catch(() => {
          failed += 1;
        })
        .finally(() => under.delete(asked));
      under.add(asked);
    }
    await sleep(1);
  }
  await Promise.all(under);
  times.sort((a, b) => a - b);
  return { answered: times.length, failed, p50: quantileOf(times, 0.5), p99: quantileOf(times, 0.99) };
}

async function askInTurn({ url, bodies, seconds }: Load, callers: number, agent: Agent): Promise<LoadResult> {
  const endMs = performance.now() + seconds * 1_000;
  let [answered, failed] = [0, 0];
  const caller = async () => {
    while (performance.now() < endMs) {
      const answer = await postJson(url, bodies[answered % bodies.length] ?? "", agent).catch(
        () => undefined,
      );
      answered += 1;
      if (answer?.status !== 200) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { answered, failed, p50: NaN, p99: NaN };
}
