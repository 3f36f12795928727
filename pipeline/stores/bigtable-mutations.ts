import type { Bigtable } from "@google-cloud/bigtable";
import { protos } from "@google-cloud/bigtable-api";
import { status } from "@grpc/grpc-js";
import { type FailureKind, grpcFailureKind } from "./failure.ts";
import type { StoreCall } from "./errors.ts";
import type { InFlightLimits } from "./in-flight.ts";
import { callStream, type StreamingMethod, type TableRequest } from "./bigtable-stub.ts";
import { type Int64, numberOf } from "./int64.ts";
import type { Retry } from "./retry.ts";
import { type EntryFailure, type Refused, writeBatch } from "./write-batch.ts";

/** A cell to set: the only mutation that the pipeline knows. */
export interface CellWrite {
  readonly rowKey: string;
  readonly family: string;
  readonly qualifier: string;
  /** Whole ms; Bigtable's own unit is microseconds, kept at this granularity. */
  readonly timestampMs: number;
  readonly value: Uint8Array;
}

/** Small requests answer soon; several at once hide the round trip. */
export const bigtableLimits: InFlightLimits = { entries: 500, bytes: 1_000_000, requests: 4 };

/**
 * Sets cells, each until it is acknowledged. Setting the same cell again changes nothing, so replays are harmless.
 *
 * One RPC an attempt, by the generated types: the library's `Table.mutate` takes several times the CPU, retries by a policy
 * of its own, and reports success for entries that a broken stream left without a status.
 * @returns the entries that Bigtable refused for what they hold
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function setCells<T>(
  client: Bigtable,
  tableName: string,
  entries: readonly T[],
  cellOf: (entry: T) => CellWrite,
  retry: Retry,
): Promise<readonly Refused<T>[]> {
  const call: StoreCall = { store: "Bigtable", operation: "write", target: `table ${tableName}` };
  const send = async (batch: readonly T[]) =>
    failures(batch, await mutateRows(client, tableName, batch.map(cellOf), retry.policy.attemptMs));
  return await writeBatch(call, entries, send, retry);
}

interface EntryStatus {
  readonly code: number;
  readonly message: string;
}

interface MutateRowsAnswer {
  readonly entries: readonly { readonly index: Int64; readonly status: EntryStatus }[];
}

const { MutateRowsRequest, MutateRowsResponse } = protos.google.bigtable.v2;
const mutateRowsMethod: StreamingMethod<
  TableRequest & { readonly entries: ReturnType<typeof entryOf>[] },
  MutateRowsAnswer
> = {
  path: "/google.bigtable.v2.Bigtable/MutateRows",
  encode: (request) => MutateRowsRequest.encode(request),
  decode: (bytes) => MutateRowsResponse.decode(bytes) as unknown as MutateRowsAnswer,
};

/** One MutateRows RPC. @returns the status of each entry by its index; an entry without one is not acknowledged */
async function mutateRows(
  client: Bigtable,
  tableName: string,
  cells: readonly CellWrite[],
  timeoutMs: number,
): Promise<ReadonlyMap<number, EntryStatus>> {
  const request = { tableName, appProfileId: client.appProfileId ?? null, entries: cells.map(entryOf) };
  const call = await callStream(client, mutateRowsMethod, request, { deadline: Date.now() + timeoutMs });
  return new Promise((resolve, reject) => {
    const statuses = new Map<number, EntryStatus>();
    call
      .on("data", ({ entries }: MutateRowsAnswer) => {
        for (const entry of entries) statuses.set(numberOf(entry.index), entry.status);
      })
      .on("error", reject)
      .on("end", () => resolve(statuses));
  });
}

function entryOf({ rowKey, family, qualifier, timestampMs, value }: CellWrite) {
  const setCell = {
    familyName: family,
    columnQualifier: Buffer.from(qualifier),
    timestampMicros: timestampMs * 1000,
    value,
  };
  return { rowKey: Buffer.from(rowKey), mutations: [{ setCell }] };
}

function failures<T>(batch: readonly T[], statuses: ReadonlyMap<number, EntryStatus>): EntryFailure<T>[] {
  return batch.flatMap((entry, i) => {
    const { code, message } = statuses.get(i) ?? {
      code: status.UNAVAILABLE,
      message: "no status came for an entry",
    };
    return code === 0 ? [] : [{ entry, kind: entryFailureKind(code, message), detail: message }];
  });
}

const INTERNAL: number = status.INTERNAL;

/** The emulator reports faults of an entry as INTERNAL: its words tell them from an outage. */
function entryFailureKind(code: number, message: string): FailureKind {
  if (code === INTERNAL && message.startsWith("unknown family")) return "config";
  if (code === INTERNAL && message.includes("InvalidArgument")) return "rejected";
  return grpcFailureKind(code);
}
