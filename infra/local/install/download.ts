import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import pRetry, { AbortError } from "p-retry";
import { InstallError } from "./errors.ts";

/** A file to fetch, and what it must be. */
export interface Download {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly to: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Called with the bytes that are there, of those wanted. */
  readonly onBytes?: (bytesDone: number) => void;
  /** Longest wait without a byte, in milliseconds. @default 30000 */
  readonly stallMs?: number;
  /** First pause between tries, in milliseconds; it doubles. @default 500 */
  readonly backoffMs?: number;
  /** @default 4 */
  readonly retries?: number;
}

const RANGE_NOT_SATISFIABLE = 416;
const PARTIAL_CONTENT = 206;

/** SHA-256 of a file in hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Whether `file` is there, with exactly the locked content. */
export async function isIntact(file: string, locked: Pick<Download, "sha256" | "bytes">): Promise<boolean> {
  return (await sizeOf(file)) === locked.bytes && (await sha256OfFile(file)) === locked.sha256;
}

/**
 * Fetches a file and checks it against its pinned SHA-256. What an interrupted download left in `<to>.part` is
 * continued; the file itself appears only whole.
 * @throws InstallError `download_failed`, `checksum_mismatch`
 */
export async function download(request: Download): Promise<void> {
  await mkdir(path.dirname(request.to), { recursive: true });
  try {
    await pRetry(() => attempt(request), {
      retries: request.retries ?? 4,
      minTimeout: request.backoffMs ?? 500,
      randomize: true,
      // p-retry takes a TypeError for a programming error; fetch throws one for every network failure
      shouldRetry: () => true,
    });
  } catch (error) {
    if (error instanceof InstallError) throw error;
    throw new InstallError("download_failed", `${request.url} could not be fetched: ${reason(error)}.`, {
      cause: error,
    });
  }
}

async function attempt(request: Download): Promise<void> {
  const part = `${request.to}.part`;
  const before = await sizeOf(part);
  if (before < request.bytes) await fetchRest(request, part, before);

  if (await isIntact(part, request)) {
    await rename(part, request.to);
    return;
  }
  const size = await sizeOf(part);
  await rm(part, { force: true });
  if (size < request.bytes) throw new Error(`the answer ended after ${size} of ${request.bytes} bytes`);
  const mismatch = new InstallError(
    "checksum_mismatch",
    `${request.url} is not the file that is locked (its SHA-256 differs): ask who runs that repository, or choose another with --maven-repository.`,
  );
  // What an earlier run left may be to blame; the file from its beginning is the repository's word.
  if (before > 0) throw mismatch;
  throw new AbortError(mismatch);
}

/** Appends to `part` what comes after its first `offset` bytes. */
async function fetchRest(request: Download, part: string, offset: number): Promise<void> {
  const stallMs = request.stallMs ?? 30_000;
  const stall = new AbortController();
  const watchdog = setTimeout(() => stall.abort(new Error(`no byte for ${stallMs} ms`)), stallMs);
  try {
    const range: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const response = await fetch(request.url, {
      headers: { ...request.headers, ...range },
      signal: stall.signal,
    });
    if (response.status === RANGE_NOT_SATISFIABLE) await rm(part, { force: true });
    if (!response.ok || response.body === null) throw statusError(response);

    const resumed = response.status === PARTIAL_CONTENT;
    await using file = await open(part, resumed ? "a" : "w");
    let done = resumed ? offset : 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      watchdog.refresh();
      await file.write(chunk);
      done += chunk.byteLength;
      request.onBytes?.(done);
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** An error that is worth another try only where time may mend it. */
function statusError({ status, statusText }: Response): Error {
  const error = new Error(`HTTP ${status} ${statusText}`.trim());
  const transient = status >= 500 || status === 408 || status === 416 || status === 429;
  return transient ? error : new AbortError(error);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    return 0;
  }
}
