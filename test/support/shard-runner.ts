/**
 * A runner for one shard, as Beam's would be: it keeps the committed log and the timers, hands out bundles, fires
 * timers at the watermark, loses workers, and goes back to checkpoints. Its store keeps every row ever written.
 * It checks as it goes what must hold at every step; `finish` gives what must hold at the end.
 */
import { expect } from "vitest";
import { Writer } from "../../pipeline/core/bytes.ts";
import { assign } from "../../pipeline/core/lateness.ts";
import type { DecodedEvent, FeatureRow } from "../../pipeline/core/model.ts";
import { decodeLogEntry } from "../../pipeline/core/shard-log.ts";
import { Shard, type Panes } from "../../pipeline/core/shard.ts";
import { readSliceBatches, type SliceBatch } from "../../pipeline/core/slice-batch.ts";
import { SliceGrouper } from "../../pipeline/core/slice-grouper.ts";
import { encodePartial } from "../../pipeline/core/slice-partial.ts";
import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import { windowOf } from "./oracle.ts";

/** What a checkpoint keeps. Rows are not in it: what a store has, it has. */
interface Committed {
  /** Events that have been read, in order. */
  readonly read: readonly DecodedEvent[];
  /** Message ids of those that came after their windows were collected. */
  readonly closed: ReadonlySet<string>;
  readonly log: readonly Uint8Array[];
  /** The end that the event-time timer is armed for. */
  readonly armedMs: number | undefined;
  readonly earlyArmed: boolean;
  readonly firedMs: number;
  readonly counts: { readonly applied: number; readonly duplicate: number };
}

export class ShardRunner {
  readonly plan: ViewPlan;
  /** All rows, in the order in which they were written, those of lost work too. */
  readonly rows: FeatureRow[] = [];
  state: Committed;
  #shard: Shard | undefined;
  /** Events applied so far, by key: what every row is checked against. */
  #applied = new Map<string, DecodedEvent[]>();

  constructor(plan: ViewPlan) {
    this.plan = plan;
    const counts = { applied: 0, duplicate: 0 };
    this.state = {
      read: [],
      closed: new Set(),
      log: [],
      armedMs: undefined,
      earlyArmed: false,
      firedMs: -Infinity,
      counts,
    };
  }

  /** Reads events in one bundle: assigned, grouped, through the shuffle's bytes, applied. */
  bundle(events: readonly DecodedEvent[]): void {
    const grouper = new SliceGrouper(this.plan);
    const candidates = new Map<string, DecodedEvent>();
    for (const event of events) {
      const assignment = assign(this.plan, event);
      if (assignment.outcome !== "candidate") continue;
      grouper.add(assignment.key, event);
      candidates.set(event.messageId, event);
    }
    this.state = { ...this.state, read: [...this.state.read, ...events] };
    for (const { bytes } of grouper.drain())
      for (const batch of readSliceBatches(this.plan, bytes)) this.#apply(batch, candidates);
  }

  /** Fires the event-time timer, if one is armed at or before the watermark. Returns whether it did. */
  fire(watermarkMs: number): boolean {
    const { armedMs } = this.state;
    if (armedMs === undefined || armedMs > watermarkMs) return false;
    const shard = this.#warm();
    const panes = shard.fire(armedMs);
    this.state = { ...this.state, firedMs: armedMs };
    expect(new Set(panes.rows.map(({ key }) => key)).size).toBe(panes.rows.length);
    for (const row of panes.rows) {
      expect(row).toMatchObject({ timing: "ON_TIME", windowEndMs: armedMs });
      this.#expectChange(row);
    }
    this.#commit(panes, shard);
    return true;
  }

  /** Fires the processing-time timer, if it is armed. After it, every current window is told. */
  early(): void {
    if (!this.state.earlyArmed) return;
    const shard = this.#warm();
    const panes = shard.early();
    for (const row of panes.rows) {
      expect(row.timing).toBe("EARLY");
      expect(row.windowEndMs).toBeGreaterThan(this.state.firedMs);
      expect(this.#sliceCount(row.key, row.windowEndMs - this.plan.slideMs)).toBeGreaterThan(0);
    }
    this.#commit(panes, shard);
    expect(shard.isDirty).toBe(false);
    this.#expectCurrentWindowsTold();
  }

  /** The worker's cache is lost: the next call reads the log. What it folds to is what was lost. */
  cool(): void {
    const live = this.#shard;
    this.#shard = undefined;
    if (live === undefined) return;
    const cold = this.#warm();
    expect(describe(this.plan, cold)).toEqual(describe(this.plan, live));
    expect(cold.nextEndMs()).toBe(live.nextEndMs());
    expect(cold.isDirty).toBe(live.isDirty);
  }

  /** Replaces the log by a snapshot, which a shard does by itself only when its log has grown long. */
  compact(): void {
    this.state = { ...this.state, log: [this.#warm().snapshot()] };
  }

  /** Goes back to a checkpoint: everything read since then will be read again. */
  crash(checkpoint: Committed): void {
    this.state = checkpoint;
    this.#shard = undefined;
    this.#applied = new Map();
    const read = checkpoint.read.filter(({ messageId }) => !checkpoint.closed.has(messageId));
    for (const event of read) this.#noteIfNew(event);
  }

  /** Drains: the watermark goes to the end of time. Nothing but a mark of the newest end may stay. */
  finish(): void {
    while (this.fire(Infinity));
    const shard = this.#warm();
    expect(shard.isEmpty).toBe(true);
    expect(shard.isDirty).toBe(false);
    if (this.state.counts.applied === 0) return;
    expect(this.state.log.map(({ length }) => length)).toEqual([expect.toSatisfy((n: number) => n <= 12)]);
  }

  #apply(batch: SliceBatch, candidates: ReadonlyMap<string, DecodedEvent>): void {
    const shard = this.#warm();
    const result = shard.apply(batch);
    const { firedMs, counts } = this.state;
    const lastMs = batch.sliceMs + this.plan.slideMs + this.plan.allowedLatenessMs + this.plan.slackMs;
    expect(result.closed).toEqual(firedMs > lastMs ? batch.events : []);
    expect(result.applied.length + result.duplicates + result.closed.length).toBe(batch.events.length);
    const closed = new Set([...this.state.closed, ...result.closed.map(({ messageId }) => messageId)]);
    this.state = {
      ...this.state,
      closed,
      counts: {
        applied: counts.applied + result.applied.length,
        duplicate: counts.duplicate + result.duplicates,
      },
    };
    for (const { messageId } of batch.events) {
      if (!closed.has(messageId)) this.#noteIfNew(candidates.get(messageId) as DecodedEvent);
    }
    for (const row of result.rows) {
      expect(row.timing).toBe("LATE");
      expect(row.windowEndMs).toBeLessThanOrEqual(firedMs);
      this.#expectChange(row);
    }
    this.#commit(result, shard);
  }

  #warm(): Shard {
    return (this.#shard ??= Shard.fold(this.plan, this.state.log));
  }

  /** What the caller of a shard owes it: the log, both timers, the rows. */
  #commit({ rows, log }: Panes, shard: Shard): void {
    for (const row of rows) {
      const naive = windowOf(this.plan, this.#applied.get(row.key) ?? [], row.windowEndMs);
      expect({ seq: row.seq, values: row.values }).toEqual(naive);
    }
    this.rows.push(...rows);
    const { state } = this;
    this.state = {
      ...state,
      log: log === undefined ? state.log : log.kind === "append" ? [...state.log, log.entry] : [log.entry],
      armedMs: shard.nextEndMs(),
      earlyArmed: shard.isDirty,
    };
  }

  #noteIfNew(event: DecodedEvent): void {
    const assignment = assign(this.plan, event);
    if (assignment.outcome !== "candidate") return;
    const ofKey = this.#applied.get(assignment.key) ?? [];
    const slice = (ms: number) => Math.floor(ms / this.plan.slideMs) * this.plan.slideMs;
    const isCopy = ofKey.some(
      (other) =>
        other.eventId === event.eventId &&
        Math.abs(slice(other.eventTimeMs) - slice(event.eventTimeMs)) < this.plan.longestMs,
    );
    if (!isCopy) this.#applied.set(assignment.key, [...ofKey, event]);
  }

  #sliceCount(key: string, sliceMs: number): number {
    const inside = ({ eventTimeMs: t }: DecodedEvent) => sliceMs <= t && t < sliceMs + this.plan.slideMs;
    return (this.#applied.get(key) ?? []).filter(inside).length;
  }

  /** Emit on change: something entered or left one of the windows since the end before. */
  #expectChange({ key, windowEndMs }: FeatureRow): void {
    const newest = windowEndMs - this.plan.slideMs;
    const edges = [newest, ...this.plan.sizesMs.map((sizeMs) => newest - sizeMs)];
    expect(edges.some((sliceMs) => this.#sliceCount(key, sliceMs) > 0)).toBe(true);
  }

  #expectCurrentWindowsTold(): void {
    for (const [key, events] of this.#applied) {
      for (const { eventTimeMs } of events) {
        const end = Math.floor(eventTimeMs / this.plan.slideMs) * this.plan.slideMs + this.plan.slideMs;
        if (end <= this.state.firedMs) continue;
        const told = this.rows.filter((row) => row.key === key && row.windowEndMs === end);
        expect(Math.max(...told.map(({ seq }) => seq))).toBeGreaterThanOrEqual(
          windowOf(this.plan, events, end).seq,
        );
      }
    }
  }
}

/** A shard's whole state, comparable: keys sorted, partials as bytes. */
function describe(plan: ViewPlan, shard: Shard): unknown {
  const entry = decodeLogEntry(plan, shard.snapshot());
  if (entry.kind !== "snapshot") throw new Error(`a snapshot, not ${entry.kind}`);
  const to = new Writer();
  const bytes = (slice: Parameters<typeof encodePartial>[1]) => {
    encodePartial(plan, slice, to);
    return to.take().toString("hex");
  };
  const keys = [...entry.keys].map(({ key, slices, touched }) => ({
    key,
    touched,
    slices: slices.map(bytes),
  }));
  return { firedMs: entry.firedMs, keys: keys.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}
