import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../../infra/local/is-alive.ts";

const POLL_MS = 20;

/** Resolves once no process has this id; a process that isn't ours to wait for can only be looked at. */
export async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(POLL_MS);
}
