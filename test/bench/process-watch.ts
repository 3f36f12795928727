import { ownCpuUs, table, usageOf } from "./support.ts";

/** What a process held and took over some time. */
interface Watched {
  readonly pid: number;
  readonly samples: { readonly atMs: number; readonly rssBytes: number; readonly cpuUs: number }[];
}

const SAMPLE_EVERY_MS = 1_000;
const MINUTE_MS = 60_000;
const MIB = 2 ** 20;

/** Samples memory and CPU time of processes once a second. Of this process, the time is finer than a tick. */
export class ProcessWatch {
  readonly #watched = new Map<string, Watched>();
  readonly #timer: NodeJS.Timeout;

  /** @param pids by the names that the report shall show */
  constructor(pids: Readonly<Record<string, number | undefined>>) {
    for (const [name, pid] of Object.entries(pids)) {
      if (pid !== undefined) this.#watched.set(name, { pid, samples: [] });
    }
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The most that a process held, MiB; "–" where it was not seen. */
  mostOf(name: string): string {
    const summary = this.#summary(name);
    return summary ? megabytes(summary.most) : "–";
  }

  /** Resident memory at the beginning and at the end, on average over a minute or a fourth of the time, and CPU. */
  report(): string {
    const rows = [...this.#watched.keys()].map((name) => {
      const summary = this.#summary(name);
      if (!summary) return [name, "–", "–", "–", "–"];
      const { first, last, most, cores } = summary;
      return [name, megabytes(first), megabytes(last), megabytes(most), cores.toFixed(2)];
    });
    return table(["", "RSS at first, MiB", "RSS at last, MiB", "RSS at most, MiB", "cores in use"], rows);
  }

  /** Bytes, and CPU time by time. */
  #summary(name: string): { first: number; last: number; most: number; cores: number } | undefined {
    const samples = this.#watched.get(name)?.samples ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    const tookMs = Math.max(1, last.atMs - first.atMs);
    const span = Math.min(MINUTE_MS, tookMs / 4);
    const mean = (from: number, to: number) => {
      const rss = samples.filter(({ atMs }) => from <= atMs && atMs <= to).map((s) => s.rssBytes);
      return rss.reduce((sum, n) => sum + n, 0) / rss.length;
    };
    return {
      first: mean(first.atMs, first.atMs + span),
      last: mean(last.atMs - span, last.atMs),
      most: Math.max(...samples.map((s) => s.rssBytes)),
      cores: (last.cpuUs - first.cpuUs) / 1_000 / tookMs,
    };
  }

  async #sample(): Promise<void> {
    for (const { pid, samples } of this.#watched.values()) {
      const usage = await usageOf(pid);
      const atMs = performance.now();
      if (usage === undefined) continue;
      samples.push({ atMs, ...usage, ...(pid === process.pid && { cpuUs: ownCpuUs() }) });
    }
  }
}

function megabytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}
