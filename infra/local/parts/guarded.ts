import { fileURLToPath } from "node:url";

const GUARD = fileURLToPath(new URL("../guard.py", import.meta.url));

/** Command line that runs a program which can't watch its parent, so that it dies with it all the same. */
export function guarded(python: string, command: readonly string[]): { command: string; args: string[] } {
  return { command: python, args: [GUARD, ...command] };
}
