import { messageOf, type StoreCall, StoreConfigError, StoreRejectedError } from "./errors.ts";
import { TransientError, type FailureKind } from "./failure.ts";
import { type Retry, withRetry } from "./retry.ts";

/** An entry of a request that went through otherwise. */
export interface EntryFailure<T> {
  readonly entry: T;
  readonly kind: FailureKind;
  readonly detail: string;
}

/** An entry that a store will never take, for what it holds. */
export interface Refused<T> {
  readonly entry: T;
  readonly detail: string;
}

/** Why each refused entry was, by the entry. */
export function detailsOf<T>(refused: readonly Refused<T>[]): ReadonlyMap<T, string> {
  return new Map(refused.map(({ entry, detail }) => [entry, detail]));
}

/**
 * Writes entries until each is acknowledged or refused. Only what failed is sent again; where a store refuses a
 * request as a whole, the batch is halved until the entry to blame stands alone, so that one poison row never
 * takes its neighbours with it.
 * @param send one request; it returns the entries that failed, and throws where the request did
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function writeBatch<T>(
  call: StoreCall,
  entries: readonly T[],
  send: (entries: readonly T[]) => Promise<readonly EntryFailure<T>[]>,
  retry: Retry,
): Promise<readonly Refused<T>[]> {
  const refused: Refused<T>[] = [];
  let pending = entries;
  const settle = (failures: readonly EntryFailure<T>[]) => {
    const again: T[] = [];
    for (const { entry, kind, detail } of failures) {
      if (kind === "config") throw configError(call, detail);
      if (kind === "rejected") refused.push({ entry, detail });
      else again.push(entry);
    }
    pending = again;
    if (again.length === 0) return;
    throw new TransientError(`${again.length} entries, the last: ${failures.at(-1)?.detail ?? ""}`);
  };
  try {
    await withRetry(call, () => send(pending), retry, settle);
  } catch (error) {
    if (!(error instanceof StoreRejectedError)) throw error;
    refused.push(...(await blame(call, pending, send, retry, error)));
  }
  return refused;
}

async function blame<T>(
  call: StoreCall,
  entries: readonly T[],
  send: (entries: readonly T[]) => Promise<readonly EntryFailure<T>[]>,
  retry: Retry,
  error: StoreRejectedError,
): Promise<readonly Refused<T>[]> {
  const [only] = entries;
  if (only === undefined) return [];
  if (entries.length === 1) return [{ entry: only, detail: messageOf(error.cause) }];
  const half = entries.length >> 1;
  const left = await writeBatch(call, entries.slice(0, half), send, retry);
  return [...left, ...(await writeBatch(call, entries.slice(half), send, retry))];
}

function configError(call: StoreCall, detail: string): StoreConfigError {
  return new StoreConfigError(`${call.store} could not ${call.operation} ${call.target}: ${detail}`, {
    ...call,
  });
}
