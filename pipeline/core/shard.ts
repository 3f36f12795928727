import { Agenda } from "./agenda.ts";
import { earlyEnds, isChangePoint, nextChangePoint, passedChangePoints } from "./change-points.ts";
import { toRow } from "./emit.ts";
import { KeySlices } from "./key-slices.ts";
import { LogLength } from "./log-length.ts";
import type { EventRow, FeatureRow, PaneTiming } from "./model.ts";
import { newEvents } from "./new-events.ts";
import { collectionEnd, isClosed } from "./retention.ts";
import { decodeLogEntry, encodeLogEntry, type LogEntry, type Snapshot } from "./shard-log.ts";
import type { SliceBatch, SliceEvent } from "./slice-batch.ts";
import { partialOf } from "./slice-partial.ts";
import type { ViewPlan } from "./view-plan.ts";

/** What to do to the stored log. `replace` puts one entry, a snapshot, in place of the whole log. */
export interface LogChange {
  readonly kind: "append" | "replace";
  readonly entry: Uint8Array;
}

/** Rows that leave, and the log that says so. `log` is `undefined` when nothing changed. */
export interface Panes {
  readonly rows: readonly FeatureRow[];
  readonly log: LogChange | undefined;
}

/** What became of a batch: each of its events is counted once. The rows are LATE ones, of ends that had fired. */
export interface Applied extends Panes {
  /** Those that were new, in the order of the batch. */
  readonly applied: readonly SliceEvent[];
  readonly duplicates: number;
  /** Events that came after their windows were collected: for the late output, reason `window_closed`. */
  readonly closed: readonly SliceEvent[];
  /** Where asked for: each new event with the row that first includes it. */
  readonly each: readonly EventRow[];
}

/**
 * The sliding windows of one shard of keys, for the strategy `timers`. All of it is a function of what was
 * applied and fired: no clock, no watermark, no store.
 *
 * Around it stand a bag with the log, one event-time timer and, where early rows are wanted, one processing-time
 * timer. What the caller owes:
 * - apply every `log` change to the bag, in the same bundle as the rows;
 * - keep the event-time timer at `nextEndMs() − 1`, and call `fire` with the end when it fires. The end follows
 *   from the state alone, so a worker that has just folded the log knows what is armed;
 * - arm the processing-time timer when `isDirty` becomes true, and call `early` when it fires. Dirty and armed are
 *   the same, after a cold fold too.
 */
export class Shard {
  readonly #plan: ViewPlan;
  readonly #keys = new Map<string, KeySlices>();
  readonly #agenda = new Agenda<KeySlices>();
  readonly #dirty = new Set<KeySlices>();
  readonly #length = new LogLength();
  #firedMs = -Infinity;

  constructor(plan: ViewPlan) {
    this.#plan = plan;
  }

  /**
   * The state that a log stands for.
   * @throws LogLayoutError for a log that a plan of another layout wrote
   */
  static fold(plan: ViewPlan, log: Iterable<Uint8Array>): Shard {
    const shard = new Shard(plan);
    for (const bytes of log) shard.#replay(decodeLogEntry(plan, bytes), bytes.length);
    for (const key of shard.#keys.values()) shard.#settle(key);
    return shard;
  }

  /**
   * Takes the new events of one key and slice, whole or not at all: a slice whose windows may have been collected
   * takes none.
   * @param [each=false] whether to tell, event by event, the row of the window `slice + s` with the event in it
   */
  apply(batch: SliceBatch, each = false): Applied {
    const plan = this.#plan;
    const { sliceMs, events } = batch;
    if (isClosed(plan, sliceMs, this.#firedMs)) {
      return { applied: [], duplicates: 0, closed: events, each: [], rows: [], log: undefined };
    }
    const known = this.#keys.get(batch.key);
    const applied = newEvents(plan, batch, known);
    const duplicates = events.length - applied.length;
    if (applied.length === 0) return { applied, duplicates, closed: [], each: [], rows: [], log: undefined };

    const delta = partialOf(plan, sliceMs, applied);
    const slicesBefore = known?.slices.length ?? 0;
    const told = each ? this.#mergeEach(batch.key, sliceMs, applied) : [];
    const key = each
      ? this.#keyOf(batch.key)
      : this.#merge({ kind: "events", key: batch.key, partial: delta });
    // More events of a slice change no end at which the key is due.
    if (key.slices.length > slicesBefore) this.#schedule(key);
    const rows: FeatureRow[] = [];
    for (const endMs of passedChangePoints(plan, key.slices, sliceMs, this.#firedMs)) {
      this.#tell(rows, key, endMs, "LATE");
    }
    const log = this.#log({ kind: "events", key: batch.key, partial: delta });
    return { applied, duplicates, closed: [], each: told, rows, log };
  }

  /** The early rows of all keys that got events since the last call. */
  early(): Panes {
    if (!this.isDirty) return { rows: [], log: undefined };
    const rows: FeatureRow[] = [];
    for (const key of this.#dirty) {
      const ends = earlyEnds(this.#plan, key.slices, key.touched, this.#firedMs);
      for (const endMs of ends) this.#tell(rows, key, endMs, "EARLY");
    }
    this.#clearDirty();
    return { rows, log: this.#log({ kind: "early" }) };
  }

  /**
   * Fires every end up to `endMs` that is due, in order: the on-time rows of all keys whose windows change there.
   * Slices that nothing needs any more are forgotten.
   */
  fire(endMs: number): Panes {
    const rows: FeatureRow[] = [];
    let dueMs = this.nextEndMs();
    if (dueMs === undefined || dueMs > endMs) return { rows, log: undefined };
    for (; dueMs !== undefined && dueMs <= endMs; dueMs = this.nextEndMs()) {
      this.#firedMs = dueMs;
      for (const key of this.#agenda.take()?.items ?? []) {
        if (isChangePoint(this.#plan, key.slices, dueMs)) this.#tell(rows, key, dueMs, "ON_TIME");
        this.#settle(key);
      }
    }
    this.#firedMs = Math.max(this.#firedMs, endMs);
    return { rows, log: this.#log({ kind: "fired", endMs: this.#firedMs }) };
  }

  /**
   * Notes that an end at which nothing is due has fired too: for a caller that lets every end fire, so that no slice
   * takes an event once its windows are closed.
   */
  pass(endMs: number): LogChange | undefined {
    if (endMs <= this.#firedMs) return undefined;
    this.#firedMs = endMs;
    return this.#log({ kind: "fired", endMs });
  }

  /** The newest end that has fired; `-Infinity` before the first. */
  get firedMs(): number {
    return this.#firedMs;
  }

  /** The least end that has something to fire or to forget; `undefined` when the shard is empty. */
  nextEndMs(): number | undefined {
    return this.#agenda.next();
  }

  /** Whether events came that no early row has told yet. Always false in a view without early rows. */
  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Whether no key has a slice left. What stays of it is the newest fired end. */
  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** The whole state as one entry of the log. */
  snapshot(): Uint8Array {
    const state: Snapshot = { firedMs: this.#firedMs, keys: this.#keys.values() };
    return encodeLogEntry(this.#plan, { kind: "snapshot", ...state });
  }

  /** Adds the row of a window; none where it is empty. */
  #tell(rows: FeatureRow[], key: KeySlices, endMs: number, timing: PaneTiming): void {
    const content = key.content(this.#plan, endMs);
    if (content !== undefined) rows.push(toRow(this.#plan, key.key, content, timing));
  }

  #merge({ key: name, partial }: Extract<LogEntry, { kind: "events" }>): KeySlices {
    const key = this.#keyOf(name);
    key.merge(this.#plan, partial);
    // News of windows that have all fired leave as late rows at once.
    const isAwaited = partial.sliceMs + this.#plan.longestMs > this.#firedMs;
    if (this.#plan.earlyMs !== undefined && isAwaited) {
      key.touch(partial.sliceMs);
      this.#dirty.add(key);
    }
    return key;
  }

  /** Merges new events of one slice one after the other. */
  #mergeEach(name: string, sliceMs: number, events: readonly SliceEvent[]): EventRow[] {
    const endMs = sliceMs + this.#plan.slideMs;
    const timing = endMs <= this.#firedMs ? "LATE" : "EARLY";
    return events.flatMap((event) => {
      const partial = partialOf(this.#plan, sliceMs, [event]);
      const key = this.#merge({ kind: "events", key: name, partial });
      const { eventId, messageId, eventTimeMs, publishTimeMs } = event;
      const rows: FeatureRow[] = [];
      this.#tell(rows, key, endMs, timing);
      return rows.map((row) => ({ event: { eventId, messageId, eventTimeMs, publishTimeMs }, row }));
    });
  }

  #keyOf(name: string): KeySlices {
    let key = this.#keys.get(name);
    if (key === undefined) this.#keys.set(name, (key = new KeySlices(name)));
    return key;
  }

  #clearDirty(): void {
    for (const key of this.#dirty) key.told();
    this.#dirty.clear();
  }

  /** Forgets what is past, and makes the key due at what comes next. */
  #settle(key: KeySlices): void {
    key.collect(this.#plan, this.#firedMs);
    if (key.touched.length === 0) this.#dirty.delete(key);
    if (key.slices.length === 0) this.#keys.delete(key.key);
    this.#schedule(key);
  }

  #schedule(key: KeySlices): void {
    const oldest = key.slices[0];
    if (oldest === undefined) {
      this.#agenda.move(key, undefined);
      return;
    }
    const changeMs = nextChangePoint(this.#plan, key.slices, this.#firedMs) ?? Infinity;
    this.#agenda.move(key, Math.min(changeMs, collectionEnd(this.#plan, oldest.sliceMs)));
  }

  /** The change that tells of an entry: the entry itself, or a snapshot once the log has grown too long. */
  #log(entry: LogEntry): LogChange {
    const bytes = encodeLogEntry(this.#plan, entry);
    this.#length.append(bytes.length);
    if (!this.isEmpty && !this.#length.hasOutgrown) return { kind: "append", entry: bytes };
    const snapshot = this.snapshot();
    this.#length.replace(snapshot.length);
    return { kind: "replace", entry: snapshot };
  }

  #replay(entry: LogEntry, bytes: number): void {
    this.#length.append(bytes);
    switch (entry.kind) {
      case "events":
        this.#merge(entry);
        break;
      case "fired":
        this.#firedMs = entry.endMs;
        break;
      case "early":
        this.#clearDirty();
        break;
      case "snapshot":
        this.#restore(entry);
        this.#length.replace(bytes);
        break;
    }
  }

  #restore({ firedMs, keys }: Snapshot): void {
    this.#keys.clear();
    this.#dirty.clear();
    this.#firedMs = firedMs;
    for (const { key: name, slices, touched } of keys) {
      const key = this.#keyOf(name);
      for (const slice of slices) key.merge(this.#plan, slice);
      if (touched.length === 0) continue;
      key.touched = touched;
      this.#dirty.add(key);
    }
  }
}
