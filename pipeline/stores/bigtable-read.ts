import type { Bigtable } from "@google-cloud/bigtable";
import { protos } from "@google-cloud/bigtable-api";
import { type CellChunk, type CellsByFamily, RowAssembler } from "./bigtable-rows.ts";
import { callStream, type StreamingMethod, type TableRequest } from "./bigtable-stub.ts";
import type { StoreCall } from "./errors.ts";
import { TransientError } from "./failure.ts";
import { type Retry, withRetry } from "./retry.ts";

/** Column families of which the newest cell below one limit is wanted. */
export interface CellGroup {
  readonly families: readonly string[];
  readonly qualifier: string;
  /** Only cells with a timestamp below it, ms; `undefined`: any. */
  readonly limitMs: number | undefined;
}

/** Which cells to read: for each row and each family of a group, the newest one. */
export interface NewestCells {
  readonly rowKeys: readonly string[];
  readonly groups: readonly CellGroup[];
}

/**
 * Reads the newest cells of several families in several rows, by one request.
 *
 * By the generated types: the library's `Table.getRows` takes several times the CPU and retries by a policy of its own.
 * @returns by row key, then by family; a row without any such cell is left out
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function readNewestCells(
  client: Bigtable,
  tableName: string,
  { rowKeys, groups }: NewestCells,
  retry: Retry,
): Promise<ReadonlyMap<string, CellsByFamily>> {
  if (rowKeys.length === 0 || groups.length === 0) return new Map();
  const call: StoreCall = { store: "Bigtable", operation: "read", target: `table ${tableName}` };
  const request = {
    tableName,
    appProfileId: client.appProfileId ?? null,
    rows: { rowKeys: [...new Set(rowKeys)].map((key) => Buffer.from(key)) },
    filter: oneOf(groups.map(newest)),
  };
  return await withRetry(call, () => readRows(client, request, retry.policy.attemptMs, retry.signal), retry);
}

/** What gRPC takes, as the protocol has it. */
interface RowsRequest extends TableRequest {
  readonly rows: { readonly rowKeys: Buffer[] };
  readonly filter: Filter;
}

interface ReadRowsAnswer {
  readonly chunks: readonly CellChunk[];
}

const { ReadRowsRequest, ReadRowsResponse } = protos.google.bigtable.v2;
const readRowsMethod: StreamingMethod<RowsRequest, ReadRowsAnswer> = {
  path: "/google.bigtable.v2.Bigtable/ReadRows",
  encode: (request) => ReadRowsRequest.encode(request),
  decode: (bytes) => ReadRowsResponse.decode(bytes) as unknown as ReadRowsAnswer,
};

/** One ReadRows RPC. */
async function readRows(
  client: Bigtable,
  request: RowsRequest,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, CellsByFamily>> {
  const call = await callStream(client, readRowsMethod, request, { deadline: Date.now() + timeoutMs });
  return new Promise((resolve, reject) => {
    const assembler = new RowAssembler();
    const cancel = () => {
      call.cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    call
      .on("data", ({ chunks }: ReadRowsAnswer) => {
        for (const chunk of chunks) assembler.add(chunk);
      })
      .on("error", reject)
      .on("end", () => {
        const rows = assembler.rows();
        if (rows === undefined) reject(new TransientError("the answer ended within a row"));
        else resolve(rows);
      })
      .on("status", () => signal?.removeEventListener("abort", cancel));
  });
}

interface Filter {
  readonly [kind: string]: unknown;
}

/** The newest cell below the limit, of each family of a group. */
function newest({ families, qualifier, limitMs }: CellGroup): Filter {
  const filters: Filter[] = [
    { familyNameRegexFilter: `(?:${families.map(exactly).join("|")})` },
    { columnQualifierRegexFilter: Buffer.from(exactly(qualifier)) },
    ...(limitMs === undefined ? [] : [{ timestampRangeFilter: { endTimestampMicros: limitMs * 1000 } }]),
    { cellsPerColumnLimitFilter: 1 },
  ];
  return { chain: { filters } };
}

function oneOf(filters: readonly Filter[]): Filter {
  return filters.length === 1 ? (filters[0] as Filter) : { interleave: { filters } };
}

/** Filters match whole names by RE2 patterns: a dot in a family's name must not match anything else. */
function exactly(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
