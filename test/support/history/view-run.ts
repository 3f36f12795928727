import { decodeCell, encodeCell } from "../../../pipeline/core/cell.ts";
import { isDeadLetter } from "../../../pipeline/core/decode.ts";
import { assign } from "../../../pipeline/core/lateness.ts";
import type { DeadLetter, DecodedEvent, FeatureRow, StoredRow } from "../../../pipeline/core/model.ts";
import { Shard, type Panes } from "../../../pipeline/core/shard.ts";
import { readSliceBatches, type SliceBatch } from "../../../pipeline/core/slice-batch.ts";
import { SliceGrouper } from "../../../pipeline/core/slice-grouper.ts";
import { sliceOf } from "../../../pipeline/core/slices.ts";
import type { ViewPlan } from "../../../pipeline/core/view-plan.ts";
import { isCopy } from "../oracle.ts";
import { isSame, rowFaults, type Fault } from "./faults.ts";
import type { Mutant } from "./mutants.ts";

/** Where a view's messages have gone: each is counted once. */
export type Outcome = "dead" | "filtered" | "late" | "closed" | "duplicate" | "applied";
export type Counts = Readonly<Record<Outcome, number>>;

interface ShardState {
  readonly log: readonly Uint8Array[];
  readonly firedMs: number;
  /** The end that the event-time timer is armed for. */
  readonly armedMs: number | undefined;
  readonly earlyArmed: boolean;
}

/** What a checkpoint keeps of a view: never changed in place. */
export interface ViewState {
  readonly shards: ReadonlyMap<number, ShardState>;
  /** The events of each key, in the order in which they were applied. */
  readonly applied: ReadonlyMap<string, readonly DecodedEvent[]>;
  readonly closed: readonly string[]; // message ids
  /** How many panes each window has had. */
  readonly panes: ReadonlyMap<string, number>;
  readonly counts: Counts;
}

/** A row in the store. */
export interface Written extends StoredRow {
  /** Which pane of its window it was, counted from 0 as a runner does: after a crash, from the checkpoint on. */
  readonly paneIndex: number;
}

/** Told as it happens. */
export interface Observer {
  happened(what: string, about: { view: string; key: string; event?: DecodedEvent; row?: FeatureRow }): void;
  fault(fault: Fault): void;
}

/** An event that was applied as one of its copies, and after lost work as another, with another time. */
interface Retold {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const FRESH: ShardState = { log: [], firedMs: -Infinity, armedMs: undefined, earlyArmed: false };

/** One view of a run: its shards as a runner keeps them, and the store of its rows. */
export class ViewRun {
  readonly plan: ViewPlan;
  /** In the order of writing; a crash takes none back. */
  readonly rows: Written[] = [];
  state: ViewState = {
    shards: new Map(),
    applied: new Map(),
    closed: [],
    panes: new Map(),
    counts: { dead: 0, filtered: 0, late: 0, closed: 0, duplicate: 0, applied: 0 },
  };
  readonly #run: ViewPlan;
  readonly #mutant: Mutant;
  readonly #observer: Observer;
  readonly #live = new Map<number, Shard>();
  /** As what each event was applied last, by its key and id. */
  readonly #appliedAs = new Map<string, DecodedEvent>();
  readonly #retold: Retold[] = [];

  constructor(plan: ViewPlan, mutant: Mutant, observer: Observer) {
    this.plan = plan;
    this.#run = mutant.plan?.(plan) ?? plan;
    this.#mutant = mutant;
    this.#observer = observer;
  }

  /** Takes one bundle of decoded messages: assigned, grouped, through the shuffle's bytes, applied. */
  bundle(results: readonly (DecodedEvent | DeadLetter)[], clockMs: number): void {
    const grouper = new SliceGrouper(this.#run);
    const sent = new Map<string, DecodedEvent>();
    for (const result of results) {
      if (isDeadLetter(result)) {
        this.#count("dead");
        continue;
      }
      const event = this.#mutant.event?.(result) ?? result;
      const assigned = assign(this.#run, event);
      if (assigned.outcome === "candidate") {
        grouper.add(assigned.key, event);
        sent.set(event.messageId, result);
        continue;
      }
      this.#count(assigned.outcome);
      const key = this.plan.key(event.value as never);
      const what = assigned.outcome === "late" ? assigned.reason : assigned.outcome;
      this.#observer.happened(what, { view: this.plan.name, key, event: result });
    }
    for (const { shard, bytes } of grouper.drain())
      for (const batch of readSliceBatches(this.#run, bytes)) this.#apply(shard, batch, sent, clockMs);
  }

  /** The least end that a timer is armed for. */
  get nextMs(): number {
    return Math.min(...[...this.state.shards.values()].map(({ armedMs }) => armedMs ?? Infinity));
  }

  get isDirty(): boolean {
    return [...this.state.shards.values()].some(({ earlyArmed }) => earlyArmed);
  }

  /** Fires the least end, which must be armed, on every shard that waits for it. */
  fire(clockMs: number): void {
    const endMs = this.nextMs;
    for (const [shard, { armedMs }] of this.state.shards) {
      if (armedMs !== endMs) continue;
      const live = this.#warm(shard);
      this.#commit(shard, live, live.fire(endMs), clockMs, endMs);
    }
  }

  /** The processing-time timers fire. */
  early(clockMs: number): void {
    for (const [shard, { earlyArmed }] of this.state.shards) {
      if (!earlyArmed) continue;
      const live = this.#warm(shard);
      this.#commit(shard, live, live.early(), clockMs);
    }
  }

  /** Workers lose their memory. */
  cool(): void {
    this.#live.clear();
  }

  /** The key's rows that could be read at an instant. */
  readable(key: string, tMs: number): Written[] {
    return this.rows.filter((row) => row.key === key && row.availableAtMs <= tMs);
  }

  /**
   * Whether a window with an end in `[fromMs, toMs]` may hold a row that lost work has left, with an event where another of
   * its copies would not stand: the one thing that an order of reading decides. @see effectiveEventTime
   */
  isUnsettled(key: string, fromMs: number, toMs = fromMs): boolean {
    return this.#retold.some(
      (event) => event.key === key && event.fromMs < toMs && fromMs - this.plan.longestMs <= event.toMs,
    );
  }

  /** How many events were applied as another copy after lost work. */
  get retold(): number {
    return this.#retold.length;
  }

  #apply(shard: number, batch: SliceBatch, sent: ReadonlyMap<string, DecodedEvent>, clockMs: number): void {
    const live = this.#warm(shard);
    const { firedMs } = this.state.shards.get(shard) ?? FRESH;
    const result = live.apply(batch);
    const { slideMs, allowedLatenessMs, slackMs, name } = this.plan;
    const isGone = firedMs > batch.sliceMs + slideMs + allowedLatenessMs + slackMs;
    const closed = isGone ? batch.events.length : 0;
    if (result.closed.length !== closed) {
      const where = { view: name, key: batch.key, endMs: batch.sliceMs + slideMs };
      const rule = "a slice takes events until slide + lateness + slack after it, whole or not at all";
      this.#observer.fault({ rule, ...where, expected: closed, got: result.closed.length });
    }
    for (const { messageId } of batch.events) {
      const event = sent.get(messageId) as DecodedEvent;
      const what = isGone ? "window_closed" : this.#note(batch.key, event);
      this.#observer.happened(what, { view: name, key: batch.key, event });
      if (isGone) this.state = { ...this.state, closed: [...this.state.closed, messageId] };
    }
    this.#count("applied", result.applied.length);
    this.#count("duplicate", result.duplicates);
    this.#count("closed", result.closed.length);
    this.#commit(shard, live, result, clockMs);
  }

  /** What the events that count are, by the rule alone. */
  #note(key: string, event: DecodedEvent): "applied" | "duplicate" {
    const ofKey = this.state.applied.get(key) ?? [];
    if (ofKey.some((other) => isCopy(this.plan, other, event))) return "duplicate";
    this.state = { ...this.state, applied: new Map(this.state.applied).set(key, [...ofKey, event]) };
    const id = `${key} ${event.eventId}`;
    const before = this.#appliedAs.get(id);
    this.#appliedAs.set(id, event);
    if (before !== undefined && before.eventTimeMs !== event.eventTimeMs) {
      const times = [before.eventTimeMs, event.eventTimeMs];
      this.#retold.push({ key, fromMs: Math.min(...times), toMs: Math.max(...times) });
    }
    return "applied";
  }

  #count(outcome: Outcome, by = 1): void {
    const { counts } = this.state;
    this.state = { ...this.state, counts: { ...counts, [outcome]: counts[outcome] + by } };
  }

  #warm(shard: number): Shard {
    let live = this.#live.get(shard);
    const { log } = this.state.shards.get(shard) ?? FRESH;
    if (live === undefined) this.#live.set(shard, (live = Shard.fold(this.#run, log)));
    return live;
  }

  /** What the caller of a shard owes it: the log, both timers, the rows. */
  #commit(shard: number, live: Shard, { rows, log }: Panes, clockMs: number, firedMs?: number): void {
    const before = this.state.shards.get(shard) ?? FRESH;
    const after: ShardState = {
      log: log === undefined ? before.log : log.kind === "append" ? [...before.log, log.entry] : [log.entry],
      firedMs: firedMs ?? before.firedMs,
      armedMs: live.nextEndMs(),
      earlyArmed: live.isDirty,
    };
    this.state = { ...this.state, shards: new Map(this.state.shards).set(shard, after) };
    for (const row of rows) this.#store(row, clockMs);
  }

  #store(emitted: FeatureRow, clockMs: number): void {
    const { name } = this.plan;
    const stored = this.rows.filter(({ key }) => key === emitted.key);
    const row = this.#mutant.row ? this.#mutant.row(emitted, this.plan, stored) : emitted;
    const about = { view: name, key: emitted.key, row: row ?? emitted };
    this.#observer.happened(row === undefined ? "not written" : row.timing, about);
    if (row === undefined) return;
    for (const fault of rowFaults(this.plan, row, this.state.applied.get(row.key) ?? []))
      this.#observer.fault(fault);
    if (sliceOf(clockMs, this.plan.slideMs) < row.windowEndMs - this.plan.slideMs) {
      const where = { view: name, key: row.key, endMs: row.windowEndMs };
      const rule = "no row leaves before its newest slice has begun";
      this.#observer.fault({ rule, ...where, expected: "later", got: clockMs });
    }
    const cell = decodeCell(this.plan, row.key, encodeCell(row));
    if (!isSame(cell, row)) {
      const where = { view: name, key: row.key, endMs: row.windowEndMs };
      this.#observer.fault({ rule: "a cell gives back its row", ...where, expected: row, got: cell });
    }
    const window = `${String(row.windowEndMs)} ${row.key}`;
    const paneIndex = this.state.panes.get(window) ?? 0;
    this.state = { ...this.state, panes: new Map(this.state.panes).set(window, paneIndex + 1) };
    this.rows.push({ ...row, availableAtMs: clockMs, generation: 0, origin: "stream", paneIndex });
  }
}
