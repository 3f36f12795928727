/** Google's Bigtable emulator alone, for benches that need no more of the local stack. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ensureInstalled } from "../../infra/local/install/index.ts";
import { progressDisplay } from "../../infra/local/install/progress.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";

/** An emulator that runs; it ends with this process at the latest. */
export interface BigtableEmulator {
  /** Its endpoints, beside a BigQuery that nobody asks. */
  readonly stores: StoreEndpoints;
  readonly pid: number | undefined;
  stop(): void;
}

/** Starts it on a free port of loopback; installs it first where it isn't there. */
export async function startBigtable(): Promise<BigtableEmulator> {
  const { bigtable } = await ensureInstalled({
    what: ["bigtable"],
    onProgress: progressDisplay(process.stderr),
  });
  const child = spawn(bigtable, ["-host", "127.0.0.1", "-port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = () => void child.kill();
  process.on("exit", stop);
  const emulatorHost = await new Promise<string>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        const [, address] = /running on (\S+:\d+)/.exec(line) ?? [];
        if (address !== undefined) resolve(address.replace(/\.$/, ""));
      });
    }
    child.on("exit", (code) => reject(new Error(`the Bigtable emulator ended with ${String(code)}`)));
  });
  return {
    stores: {
      project: "local-dev",
      generation: 0,
      bigtable: { instance: "bench", emulatorHost },
      bigquery: { dataset: "none", apiEndpoint: "http://127.0.0.1:9" },
      pubsub: {},
    },
    pid: child.pid,
    stop,
  };
}
