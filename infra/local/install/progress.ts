/** How far the installation of one part is. */
export interface InstallProgress {
  readonly part: string;
  /** What is being done at the moment, in a few words. */
  readonly detail?: string;
  /** Bytes downloaded, of `bytesTotal`; absent where a package manager downloads. */
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly state: "running" | "done";
}

/** Receives progress; called often. */
export type ProgressListener = (progress: InstallProgress) => void;

/** Where a display writes: a terminal or a pipe. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const MEGABYTE = 1e6;
const ERASE_LINE = "\r\u001b[2K";

/** `{bytesDone: 12e6, bytesTotal: 127e6}` → `engine 12/127 MB`. */
function describe({ part, detail, bytesDone, bytesTotal, state }: InstallProgress): string {
  if (state === "done") return `${part} ready${detail === undefined ? "" : ` (${detail})`}`;
  if (bytesDone !== undefined && bytesTotal !== undefined) {
    return `${part} ${Math.floor(bytesDone / MEGABYTE)}/${Math.ceil(bytesTotal / MEGABYTE)} MB`;
  }
  return detail === undefined ? part : `${part}: ${detail}`;
}

/**
 * Shows progress: on a terminal one line that is rewritten, else a line when a part begins and one when it
 * is done.
 */
export function progressDisplay(output: ProgressOutput): ProgressListener {
  const parts = new Map<string, InstallProgress>();
  return (progress) => {
    const before = parts.get(progress.part);
    parts.set(progress.part, progress);
    if (!output.isTTY) {
      if (before === undefined && progress.state === "running") output.write(`installing ${progress.part}\n`);
      if (progress.state === "done" && before?.state !== "done") output.write(`${describe(progress)}\n`);
      return;
    }
    const everythingDone = [...parts.values()].every((p) => p.state === "done");
    const line = `installing: ${[...parts.values()].map(describe).join(" · ")}`;
    output.write(`${ERASE_LINE}${line.slice(0, (output.columns ?? 80) - 1)}${everythingDone ? "\n" : ""}`);
  };
}
