import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Said } from "./shell.ts";

const MAIN = fileURLToPath(new URL("../../pipeline/main.ts", import.meta.url));

/**
 * Runs a command of this project as a process of its own, to its end.
 * @param env all that it sees beside PATH: nothing of this machine's own set-up may name an endpoint
 */
export function freshet(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  return new Promise((resolve) => {
    const seen = { PATH: process.env["PATH"], ...env };
    execFile(process.execPath, [MAIN, ...args], { env: seen, maxBuffer: 2 ** 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}
