import { Reader, Writer } from "./bytes.ts";
import { FreshetError } from "./errors.ts";
import { decodePartial, encodePartial, type SlicePartial } from "./slice-partial.ts";
import { layoutMark } from "./view-layout.ts";
import type { ViewPlan } from "./view-plan.ts";

/** Thrown when a log was written by another layout of the view: read by this one, it would give wrong values. */
export class LogLayoutError extends FreshetError {
  constructor({ name, version }: ViewPlan) {
    super(
      "log_layout",
      `the stored state of ${name} v${version} is of other features, sizes or another slide: raise the view's version`,
      { view: name, version },
    );
  }
}

/**
 * What happened to a shard, in order. Its state is the fold of its log, and an entry says all that the state
 * needs to know: a worker that reads the log anew has what the one that wrote it had.
 */
export type LogEntry =
  /** New events of one key and slice, added up; duplicates are gone already. */
  | { readonly kind: "events"; readonly key: string; readonly partial: SlicePartial }
  /** All ends up to this one have fired. */
  | { readonly kind: "fired"; readonly endMs: number }
  /** The early rows of all that happened before have left. */
  | { readonly kind: "early" }
  /** The whole state; what stands before it in the log doesn't count. */
  | ({ readonly kind: "snapshot" } & Snapshot);

/** The whole state of a shard. */
export interface Snapshot {
  /** The newest end that has fired; `-Infinity` before the first. */
  readonly firedMs: number;
  readonly keys: Iterable<KeySnapshot>;
}

export interface KeySnapshot {
  readonly key: string;
  /** Ascending. */
  readonly slices: readonly SlicePartial[];
  /** Starts of the slices that got events since the last early rows. */
  readonly touched: readonly number[];
}

/** The layout's mark, one tag byte, then the content. Tags are part of stored state. */
const EVENTS = 1;
const FIRED = 2;
const EARLY = 3;
const SNAPSHOT = 4;
/** Before each key of a snapshot: another one follows. */
const MORE = 1;
const END = 0;

/** Encoding is synchronous, so one buffer serves all shards. */
const scratch = new Writer(1 << 14);

/** The bytes of an entry, readable with a plan of the same layout only. */
export function encodeLogEntry(plan: ViewPlan, entry: LogEntry): Uint8Array {
  scratch.int32be(layoutMark(plan));
  switch (entry.kind) {
    case "events":
      scratch.byte(EVENTS);
      scratch.string(entry.key);
      encodePartial(plan, entry.partial, scratch);
      break;
    case "fired":
      scratch.byte(FIRED);
      scratch.varint(entry.endMs);
      break;
    case "early":
      scratch.byte(EARLY);
      break;
    case "snapshot":
      scratch.byte(SNAPSHOT);
      writeSnapshot(plan, entry, scratch);
      break;
  }
  return scratch.take();
}

/**
 * Reads what `encodeLogEntry` wrote.
 * @throws LogLayoutError for an entry of another layout
 * @throws RangeError for an unknown tag or bytes that end too soon
 */
export function decodeLogEntry(plan: ViewPlan, bytes: Uint8Array): LogEntry {
  const from = new Reader(bytes);
  if (from.int32be() !== layoutMark(plan)) throw new LogLayoutError(plan);
  const tag = from.byte();
  switch (tag) {
    case EVENTS:
      return { kind: "events", key: from.string(), partial: decodePartial(plan, from) };
    case FIRED:
      return { kind: "fired", endMs: from.varintNumber() };
    case EARLY:
      return { kind: "early" };
    case SNAPSHOT:
      return { kind: "snapshot", ...readSnapshot(plan, from) };
    default:
      throw new RangeError(`no entry of a shard's log begins with tag ${tag}`);
  }
}

function writeSnapshot(plan: ViewPlan, { firedMs, keys }: Snapshot, to: Writer): void {
  to.byte(firedMs === -Infinity ? END : MORE);
  if (firedMs !== -Infinity) to.varint(firedMs);
  for (const { key, slices, touched } of keys) {
    to.byte(MORE);
    to.string(key);
    to.varint(slices.length);
    for (const slice of slices) encodePartial(plan, slice, to);
    to.varint(touched.length);
    for (const sliceMs of touched) to.varint(sliceMs);
  }
  to.byte(END);
}

function readSnapshot(plan: ViewPlan, from: Reader): Snapshot {
  const firedMs = from.byte() === END ? -Infinity : from.varintNumber();
  const keys: KeySnapshot[] = [];
  while (from.byte() === MORE) {
    const key = from.string();
    const slices = Array.from({ length: from.length() }, () => decodePartial(plan, from));
    const touched = Array.from({ length: from.length() }, () => from.varintNumber());
    keys.push({ key, slices, touched });
  }
  return { firedMs, keys };
}
