import { setTimeout as sleep } from "node:timers/promises";
import type { v1 } from "@google-cloud/pubsub";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { publishAll } from "../../pipeline/stores/pubsub-publisher.ts";
import type { Retry } from "../../pipeline/stores/retry.ts";

/** Where probes go and come back. */
export interface ProbeTargets {
  readonly publisher: v1.PublisherClient;
  readonly project: string;
  readonly topic: string;
  readonly store: BigtableStore;
  /** A view that takes purchases by user, and counts them in its first column. */
  readonly plan: ViewPlan;
  readonly retry: Retry;
}

const SEND_EVERY_MS = 250;
const LOOK_EVERY_MS = 25;

/**
 * Asks the only question that a user has: I publish an event of a user who has none, when does the store's answer
 * show it? One probe each quarter of a second; the store is asked for those under way as often as it answers, but
 * not more than forty times a second.
 */
export class Probes {
  readonly #targets: ProbeTargets;
  readonly #sentAtMs = new Map<string, number>();
  /** From before publishing to after the answer, ms, in the order of answers. */
  readonly latenciesMs: number[] = [];
  #count = 0;

  constructor(targets: ProbeTargets) {
    this.#targets = targets;
  }

  /** Probes that no answer shows yet. */
  get underWay(): number {
    return this.#sentAtMs.size;
  }

  /** Sends probes until the signal, then returns. */
  async send(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = sleep(SEND_EVERY_MS);
      await this.#sendOne();
      await pause;
    }
  }

  /** Looks for what was sent until the signal, then returns. */
  async look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pause = sleep(LOOK_EVERY_MS);
      if (this.underWay > 0) await this.#lookOnce();
      await pause;
    }
  }

  async #sendOne(): Promise<void> {
    const { publisher, project, topic, retry } = this.#targets;
    const key = `probe-${process.pid}-${this.#count++}`;
    const atMs = Date.now();
    const event = {
      event_id: key,
      event_type: "purchase",
      user_id: key,
      item_id: "probe",
      amount_usd: 1,
      country: "DE",
      occurred_at: atMs,
    };
    this.#sentAtMs.set(key, atMs);
    const message = eventMessage(Buffer.from(JSON.stringify(event)), { eventId: key });
    await publishAll(publisher, project, topic, [message], retry);
  }

  async #lookOnce(): Promise<void> {
    const { store, plan } = this.#targets;
    const answers = await store.answers(plan, [...this.#sentAtMs.keys()], Date.now());
    const nowMs = Date.now();
    for (const [key, { columns }] of answers) {
      const sentAtMs = this.#sentAtMs.get(key);
      if (sentAtMs === undefined || columns[0]?.value !== 1) continue;
      this.latenciesMs.push(nowMs - sentAtMs);
      this.#sentAtMs.delete(key);
    }
  }
}
