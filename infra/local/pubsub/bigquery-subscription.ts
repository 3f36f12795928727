import { setTimeout as sleep } from "node:timers/promises";
import { BigQueryTable, parseTable, toRow } from "./bigquery-table.ts";
import type { Broker } from "./broker.ts";
import type { SubscriptionEntry } from "./broker-state.ts";
import { Consumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import { MAX_RESPONSE_BYTES } from "./dispatcher.ts";
import type { PullStream } from "./dispatcher.ts";
import type { TakeLimits } from "./subscription.ts";

const BATCH_MESSAGES = 500;
/** As long as a lease can be: a batch is tried again that long before it is leased anew. */
const LEASE_MS = 600_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/**
 * Writes a BigQuery subscription's messages to its table, at least once: a message is acknowledged only when BigQuery
 * has taken it. One request is in flight at a time, tried again until BigQuery answers; a row that BigQuery refuses is
 * given up, so it comes again by the retry policy or goes to the dead-letter topic.
 */
export function exportToBigQuery(broker: Broker, entry: SubscriptionEntry, options: ExportOptions): void {
  entry.dispatcher.attach(new Export(broker, entry, options));
}

export interface ExportOptions {
  /** The root of BigQuery's REST API, like `http://127.0.0.1:9050`. */
  readonly bigquery: string;
  /** Stops the export. */
  readonly signal: AbortSignal;
  /** Takes a line for a person: BigQuery fails, BigQuery answers again. */
  readonly log: (line: string) => void;
}

class Export implements PullStream {
  readonly consumer = new Consumer();
  readonly #broker: Broker;
  readonly #entry: SubscriptionEntry;
  readonly #options: ExportOptions;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #dataType: string | undefined;
  #busy = false;

  constructor(broker: Broker, entry: SubscriptionEntry, options: ExportOptions) {
    this.#broker = broker;
    this.#entry = entry;
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal]);
  }

  limits(): TakeLimits {
    return {
      maxMessages: this.#busy ? 0 : BATCH_MESSAGES,
      maxBytes: MAX_RESPONSE_BYTES / 2,
      ackDeadlineMs: LEASE_MS,
    };
  }

  send(deliveries: readonly Delivery[]): void {
    this.#busy = true;
    void this.#write(deliveries).finally(() => {
      this.#busy = false;
      this.#entry.dispatcher.wake();
    });
  }

  end(): void {
    this.#ended.abort();
  }

  async #write(deliveries: readonly Delivery[]): Promise<void> {
    // A lease that ends meanwhile gets another ack id: these are the ones of this batch.
    const ackIds = deliveries.map((delivery) => delivery.ackId);
    const refused = await this.#insertUntilTaken(deliveries);
    if (!refused) return;
    const nowMs = this.#broker.nowMs;
    const taken = ackIds.filter((_, i) => !refused.has(i));
    this.#entry.subscription.acknowledge(taken, nowMs);
    for (const i of refused) this.#entry.subscription.modifyAckDeadline(ackIds[i] ?? "", 0, nowMs);
  }

  /** @returns the rows that BigQuery refused; nothing when the export was stopped before BigQuery answered */
  async #insertUntilTaken(deliveries: readonly Delivery[]): Promise<ReadonlySet<number> | undefined> {
    const name = this.#entry.config.name ?? "";
    let failed = false;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS)) {
      try {
        const refused = await this.#insert(deliveries);
        if (failed) this.#options.log(`${name}: BigQuery answers again.`);
        return refused;
      } catch (error) {
        if (this.#signal.aborted) return undefined;
        if (!failed) this.#options.log(`${name}: ${String(error)}; trying on.`);
        failed = true;
        // The table may have been made anew meanwhile.
        this.#dataType = undefined;
        await sleep(backoffMs, undefined, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  async #insert(deliveries: readonly Delivery[]): Promise<ReadonlySet<number>> {
    const { config } = this.#entry;
    const table = new BigQueryTable(
      this.#options.bigquery,
      parseTable(config.bigqueryConfig?.table ?? ""),
      this.#signal,
    );
    const dataType = (this.#dataType ??= (await table.columnTypes()).get("data") ?? "BYTES");
    const writeMetadata = config.bigqueryConfig?.writeMetadata ?? false;
    return table.insertAll(
      deliveries.map(({ message }) => toRow(message, config.name ?? "", dataType, writeMetadata)),
    );
  }
}
