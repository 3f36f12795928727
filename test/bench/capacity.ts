import type { Load, LoadResult, LoadSender } from "./load.ts";
import { treeCpuUs } from "./support.ts";

/** What a server can do with a core. */
export interface Capacity {
  /** The highest rate tried at which 99 of 100 answers came within the limit, requests/s; 0: none. */
  readonly rate: number;
  /** At that rate, ms; at the lowest where there is none. */
  readonly p99: number;
  /** What the server's processes used there. */
  readonly cores: number;
  /** Requests for a second of their CPU time there. */
  readonly perCore: number;
}

const CALLERS = 16;

/** Requests for a second of the CPU time of a server that is kept busy. */
export async function perCoreWhenBusy(
  sender: LoadSender,
  load: Omit<Load, "ratePerSecond">,
  pid: number,
): Promise<number> {
  const busy = { ...load, ratePerSecond: 0, callers: CALLERS };
  const { answered, failed, cpuS } = await running(sender, busy, pid);
  if (failed > 0) throw new Error(`${String(failed)} of ${String(answered)} requests failed`);
  return answered / cpuS;
}

/** Parts of what a server that is kept busy answers: more than that it can't, and near it answers wait for each other. */
const PARTS = [0.9, 0.75, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05];
/** Another program on the machine may spoil one try. */
const TRIES = 2;

/**
 * Lowers the rate until answers come in time, from what the server answers when it is kept busy.
 * @param pid of the server's first process
 * @param limitMs what 99 of 100 answers must come within
 */
export async function capacityOf(
  sender: LoadSender,
  load: Omit<Load, "ratePerSecond">,
  pid: number,
  limitMs: number,
): Promise<Capacity> {
  const busy = { ...load, ratePerSecond: 0, callers: CALLERS };
  await sender.run(busy); // to warm up
  const mostPerSecond = (await sender.run(busy)).answered / load.seconds;
  let last: Capacity | undefined;
  for (const part of PARTS) {
    const rate = Math.round(part * mostPerSecond);
    for (let i = 0; i < TRIES; i++) {
      const { answered, failed, p99, cpuS } = await running(sender, { ...load, ratePerSecond: rate }, pid);
      last = { rate, p99, cores: cpuS / load.seconds, perCore: answered / cpuS };
      if (failed === 0 && p99 <= limitMs) return last;
    }
  }
  return { p99: NaN, cores: NaN, perCore: NaN, ...last, rate: 0 };
}

/** What comes of a load, and the CPU time of the server's processes meanwhile. */
async function running(
  sender: LoadSender,
  load: Load,
  pid: number,
): Promise<LoadResult & { readonly cpuS: number }> {
  const beforeUs = await treeCpuUs(pid);
  const result = await sender.run(load);
  return { ...result, cpuS: ((await treeCpuUs(pid)) - beforeUs) / 1e6 };
}
