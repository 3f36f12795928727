/** Feast's Python server as a process of its own, with a view like `user_purchases`. */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { claimPort } from "../../infra/local/ports.ts";
import { userPurchases } from "../../pipeline/features/user-purchases.ts";
import type { StoreEndpoints } from "../../pipeline/stores/endpoints.ts";
import { ensurePythonTool } from "./python-tool.ts";

const SERVER = fileURLToPath(new URL("feast_server.py", import.meta.url));
const FEATURES = userPurchases.plan.columns.map(({ name }) => `user_purchases:${name}`);

/** Where its view is: in its own process, or where Freshet's is. */
export type FeastStore = "SQLite" | "Bigtable";

/** A server that runs; it ends with this process at the latest. */
export interface FeastServer {
  readonly url: string;
  /** The server's main process; the one that works is its child. */
  readonly pid: number;
  body(keys: readonly string[]): string;
  stop(): void;
}

/**
 * Starts it, and waits until it answers; installs it first where it isn't there.
 * @param stores where Bigtable's emulator is
 * @param dir gets its files
 */
export async function startFeast(
  store: FeastStore,
  { project, bigtable: { instance, emulatorHost = "" } }: StoreEndpoints,
  dir: string,
): Promise<FeastServer> {
  const { python, env } = await ensurePythonTool("feast");
  const port = await claimPort("Feast");
  await mkdir(dir);
  const online = {
    SQLite: { type: "sqlite", path: "online.db" },
    Bigtable: { type: "bigtable", project_id: project, instance },
  };
  const child = spawn(python, [SERVER, dir, String(port), JSON.stringify(online[store])], {
    env: { ...process.env, ...env, FEAST_USAGE: "False", BIGTABLE_EMULATOR_HOST: emulatorHost },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => void child.kill();
  process.on("exit", stop);
  const body = (keys: readonly string[]) =>
    JSON.stringify({ features: FEATURES, entities: { user_id: keys } });
  const url = `http://127.0.0.1:${String(port)}/get-online-features`;
  const headers = { "Content-Type": "application/json" };
  for (;;) {
    const answer = await fetch(url, { method: "POST", headers, body: body(["user 1"]) }).catch(
      () => undefined,
    );
    if (answer?.ok === true) break;
    if (child.exitCode !== null) throw new Error(`Feast's server ended with ${String(child.exitCode)}`);
    await sleep(250);
  }
  return { url, pid: child.pid ?? 0, body, stop };
}
