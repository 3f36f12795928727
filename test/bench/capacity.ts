import type { Load, LoadSender } from "./load.ts";
import { treeCpuUs } from "./support.ts";

/** What a server can do with a core. */
export interface Capacity {
  /** The highest rate tried at which 99 of 100 answers came within the limit, requests/s; 0: none. */
  readonly rate: number;
  /** At that rate, ms; at the first where there is none. */
  readonly p99: number;
  /** What the server's processes used there. */
  readonly cores: number;
  /** Requests for a second of their CPU time there. */
  readonly perCore: number;
}

const CALLERS = 16;

/** Requests for a second of the CPU time of a server that is kept busy, after as long a time to warm up. */
export async function perCoreWhenBusy(
  sender: LoadSender,
  load: Omit<Load, "ratePerSecond">,
  pid: number,
): Promise<number> {
  const busy = { ...load, ratePerSecond: 0, callers: CALLERS };
  await sender.run(busy);
  const beforeUs = await treeCpuUs(pid);
  const { answered, failed } = await sender.run(busy);
  if (failed > 0) throw new Error(`${String(failed)} of ${String(answered)} requests failed`);
  return (answered / ((await treeCpuUs(pid)) - beforeUs)) * 1e6;
}

const FIRST_RATE = 50;
const WARM_UP_S = 10;
const STEP = 1.4;
/** Another program on the machine may spoil one try. */
const TRIES = 3;

/**
 * Raises the rate until answers come late.
 * @param pid of the server's first process
 * @param limitMs what 99 of 100 answers must come within
 */
export async function capacityOf(
  sender: LoadSender,
  load: Omit<Load, "ratePerSecond">,
  pid: number,
  limitMs: number,
): Promise<Capacity> {
  await sender.run({ ...load, ratePerSecond: FIRST_RATE, seconds: WARM_UP_S });
  let best: Capacity | undefined;
  let first: Capacity | undefined;
  for (let rate = FIRST_RATE; ; rate = Math.round(rate * STEP)) {
    let passed: Capacity | undefined;
    for (let i = 0; i < TRIES && passed === undefined; i++) {
      const beforeUs = await treeCpuUs(pid);
      const { answered, failed, p99 } = await sender.run({ ...load, ratePerSecond: rate });
      const cpuS = ((await treeCpuUs(pid)) - beforeUs) / 1e6;
      const tried = { rate, p99, cores: cpuS / load.seconds, perCore: answered / cpuS };
      first ??= { ...tried, rate: 0 };
      if (failed === 0 && p99 <= limitMs) passed = tried;
    }
    if (passed === undefined) return best ?? first ?? { rate: 0, p99: NaN, cores: NaN, perCore: NaN };
    best = passed;
  }
}
