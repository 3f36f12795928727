import { type SpanContext, SpanKind, trace } from "@opentelemetry/api";
import { messageOf } from "../core/error-message.ts";
import type { InsertRow } from "../stores/bigquery-rows.ts";
import { SERVED_VECTORS, servedInsert } from "../stores/served-rows.ts";
import { forSharers, inSpan } from "./tracing.ts";
import type { ReadJson } from "./vector-json.ts";

/** An answer that was served, for the log. */
export interface ServedAnswer {
  readonly answer: ReadJson;
  /** As the service's schema gave it. */
  readonly request: unknown;
  readonly requestId: string;
  readonly caller: string;
}

/** What becomes of vectors that were to be logged. */
export type LogOutcome = "written" | "dropped" | "refused";

/** How vectors are logged. */
export interface VectorLogOptions {
  /** Appends rows until they are acknowledged. @returns how many were refused for what they hold */
  readonly append: (rows: readonly InsertRow[]) => Promise<number>;
  readonly generation: number;
  /** The part of the requests that is logged, 0 to 1. */
  readonly fraction: number;
  /** In [0, 1): decides which. */
  readonly random: () => number;
  /** Rows that wait at most: what comes beyond is dropped and counted. @default 10,000 */
  readonly capacity?: number;
  readonly onOutcome: (outcome: LogOutcome, rows: number) => void;
  readonly onFailure: (message: string) => void;
}

const CAPACITY = 10_000;
const ROWS_A_WRITE = 500;

interface WaitingRow {
  readonly row: InsertRow;
  /** Of the request that it is of, where that is traced. */
  readonly span: SpanContext | undefined;
}

/**
 * Served vectors on their way to BigQuery: the exact record of what a model saw. A request never waits for it; where
 * BigQuery is away for long, rows are dropped, and counted.
 */
export class VectorLog {
  readonly #options: VectorLogOptions;
  #waiting: WaitingRow[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: VectorLogOptions) {
    this.#options = options;
  }

  /** Takes an answer, if the draw says so. Never waits and never throws. */
  add({ answer, request, requestId, caller }: ServedAnswer): void {
    const { fraction, random, generation, capacity = CAPACITY, onOutcome } = this.#options;
    if (random() >= fraction) return;
    const room = capacity - this.#waiting.length;
    const rows = answer.results.slice(0, Math.max(0, room)).map((result, index) =>
      servedInsert({
        service: answer.service,
        version: answer.version,
        servedAt: answer.at,
        requestId,
        index,
        caller,
        key: JSON.stringify(result.key),
        request: JSON.stringify(request),
        features: result.features === undefined ? null : JSON.stringify(result.features),
        error: result.error?.code ?? null,
        generation,
      }),
    );
    const span = trace.getActiveSpan()?.spanContext();
    this.#waiting.push(...rows.map((row) => ({ row, span })));
    const dropped = answer.results.length - rows.length;
    if (dropped > 0) onOutcome("dropped", dropped);
    this.#writing ??= this.#write();
  }

  /** Waits until everything taken is written or given up. */
  async drain(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { append, onOutcome, onFailure } = this.#options;
    await Promise.resolve(); // what comes in the same turn goes together
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, ROWS_A_WRITE);
      try {
        const refused = await inWriteSpan(batch, () => append(batch.map(({ row }) => row)));
        if (refused > 0) onOutcome("refused", refused);
        onOutcome("written", batch.length - refused);
      } catch (error) {
        onOutcome("dropped", batch.length);
        onFailure(`${String(batch.length)} served vectors are not logged: ${messageOf(error)}`);
      }
    }
    this.#writing = undefined;
  }
}

/** One write is of many requests. */
function inWriteSpan<T>(batch: readonly WaitingRow[], write: () => Promise<T>): Promise<T> {
  const sharers = batch.map(({ span }) => span);
  if (sharers.every((span) => span === undefined)) return write();
  const attributes = {
    "db.system.name": "gcp.bigquery",
    "db.collection.name": SERVED_VECTORS,
    "freshet.rows": batch.length,
  };
  return forSharers(sharers, () =>
    inSpan(`insert ${SERVED_VECTORS}`, { kind: SpanKind.CLIENT, attributes }, write),
  );
}
