import { InstallError } from "./errors.ts";
import type { Environment } from "./maven-settings.ts";
import { outputOf } from "./run-tool.ts";

/** A Python interpreter of this machine. */
export interface Python {
  /** The interpreter itself, links and shims resolved. */
  readonly executable: string;
  /** For example `3.11`. */
  readonly version: string;
}

/** The oldest Python that the BigQuery emulator runs on. */
export const OLDEST_PYTHON = [3, 11] as const;

const CANDIDATES = ["python3", "python3.13", "python3.12", "python3.11", "python"];
const DESCRIBE = "import os,sys; print(os.path.realpath(sys.executable), *sys.version_info[:2])";

/**
 * The first of `FRESHET_PYTHON`, `python3`, `python3.13` … on PATH that is new enough.
 * @throws InstallError `no_python`
 */
export async function findPython(env: Environment): Promise<Python> {
  const chosen = env["FRESHET_PYTHON"];
  for (const command of chosen === undefined || chosen === "" ? CANDIDATES : [chosen]) {
    const python = parseDescription(await outputOf(command, ["-c", DESCRIBE], env));
    if (python !== undefined) return python;
  }
  throw new InstallError(
    "no_python",
    `The local stack needs Python ${OLDEST_PYTHON.join(".")} or newer${chosen ? ` (FRESHET_PYTHON is "${chosen}")` : ""}: install it (for example "apt-get install python3 python3-venv" or "brew install python@3.13"), or set FRESHET_PYTHON to its path.`,
  );
}

function parseDescription(output: string | undefined): Python | undefined {
  const [, executable, major, minor] = /^(.+) (\d+) (\d+)$/m.exec(output?.trim() ?? "") ?? [];
  if (executable === undefined) return undefined;
  const isNewEnough = Number(major) === OLDEST_PYTHON[0] && Number(minor) >= OLDEST_PYTHON[1];
  return isNewEnough ? { executable, version: `${String(major)}.${String(minor)}` } : undefined;
}
