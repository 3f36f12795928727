/** The inspecting pages' stores in memory, by the rules of the queries that they stand for. */
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import type { InspectorStores } from "../../pipeline/serving/console/inspector-stores.ts";
import type { DeadLetterFilter, StoredDeadLetter } from "../../pipeline/stores/dead-letters.ts";
import type { StoredLateEvent } from "../../pipeline/stores/late-events.ts";
import type { OutcomeCount } from "../../pipeline/stores/outcome-counts.ts";
import { picturedFacts } from "./pictured-key.ts";

/** Stores that hold what a test puts there. */
export class MemoryInspector implements InspectorStores {
  readonly events = new Map<string, readonly DecodedEvent[]>();
  readonly letters: StoredDeadLetter[] = [];
  readonly late: StoredLateEvent[] = [];
  /** What was published again, in order. */
  readonly published: { readonly topic: string; readonly messageId: string }[] = [];
  /** Called before each read with its name: what it rejects with, the read does. */
  before: (what: keyof InspectorStores) => Promise<void> = () => Promise.resolve();

  keyFacts: InspectorStores["keyFacts"] = async ({ plan, key, atMs }) => {
    await this.before("keyFacts");
    return picturedFacts(plan, key, this.events.get(key) ?? [], atMs);
  };

  recentKeys: InspectorStores["recentKeys"] = async (_plan, sinceMs, limit) => {
    await this.before("recentKeys");
    const keys = [...this.events].map(([key, events]) => {
      const availableAtMs = Math.max(...events.map(({ publishTimeMs }) => publishTimeMs));
      return { key, availableAtMs, seq: events.length };
    });
    return keys.filter(({ availableAtMs }) => availableAtMs >= sinceMs).slice(0, limit);
  };

  outcomes: InspectorStores["outcomes"] = async (what, sinceMs, spanMs) => {
    await this.before("outcomes");
    const all =
      what === "dead_letters"
        ? this.letters.map((each) => ({
            source: each.event,
            reason: each.reason,
            ms: each.message.publishTimeMs,
          }))
        : this.late.map((each) => ({ source: each.view, reason: each.reason, ms: each.publishTimeMs }));
    const groups = Map.groupBy(
      all.filter(({ ms }) => ms >= sinceMs),
      ({ source, reason }) => `${source} ${reason}`,
    );
    return [...groups.values()].map((of): OutcomeCount => {
      const spans = new Map<number, number>();
      for (const { ms } of of) {
        const span = Math.floor(ms / spanMs);
        spans.set(span, (spans.get(span) ?? 0) + 1);
      }
      const { source = "", reason = "" } = of[0] ?? {};
      return { source, reason, spans, newestMs: Math.max(...of.map(({ ms }) => ms)) };
    });
  };

  deadLetters: InspectorStores["deadLetters"] = async (filter, _budgetMs, dataBytes = Infinity) => {
    await this.before("deadLetters");
    const found = this.letters.filter((each) => matches(each, filter)).sort(byNewest);
    const place = found.findIndex(
      ({ event, reason, message: { messageId } }) =>
        event === filter.after?.event &&
        reason === filter.after.reason &&
        messageId === filter.after.messageId,
    );
    return found.slice(place + 1, place + 1 + filter.limit).map((each) => ({
      ...each,
      message: { ...each.message, data: each.message.data.subarray(0, dataBytes) },
    }));
  };

  lateEvents: InspectorStores["lateEvents"] = async ({ view, reason, sinceMs, after, limit }) => {
    await this.before("lateEvents");
    const found = this.late
      .filter((each) => each.publishTimeMs >= sinceMs)
      .filter((each) => (view ?? each.view) === each.view && (reason ?? each.reason) === each.reason)
      .sort((a, b) => b.deliveredTimeMs - a.deliveredTimeMs);
    const place = found.findIndex(({ messageId }) => messageId === after?.messageId);
    return found.slice(place + 1, place + 1 + limit);
  };

  publishAgain: InspectorStores["publishAgain"] = async (topic, letters, nowMs) => {
    await this.before("publishAgain");
    this.published.push(...letters.map(({ message: { messageId } }) => ({ topic, messageId })));
    const ids = new Set(letters.map(({ message: { messageId } }) => messageId));
    for (const [i, letter] of this.letters.entries()) {
      if (ids.has(letter.message.messageId)) this.letters[i] = { ...letter, redrivenMs: nowMs };
    }
    return { published: letters.length, refused: [], unrecorded: null };
  };
}

function matches(letter: StoredDeadLetter, filter: DeadLetterFilter): boolean {
  const { event, reason, message, redrivenMs } = letter;
  const { messageId, publishTimeMs } = message;
  return (
    (filter.event ?? event) === event &&
    (filter.reason ?? reason) === reason &&
    (filter.messageId ?? messageId) === messageId &&
    (filter.redriven ?? redrivenMs !== null) === (redrivenMs !== null) &&
    (filter.messageIds?.includes(messageId) ?? true) &&
    publishTimeMs >= (filter.sinceMs ?? -Infinity) &&
    publishTimeMs <= (filter.untilMs ?? Infinity)
  );
}

function byNewest(a: StoredDeadLetter, b: StoredDeadLetter): number {
  const ids = a.message.messageId < b.message.messageId ? -1 : 1;
  return b.message.publishTimeMs - a.message.publishTimeMs || ids;
}
