import { closeSync, existsSync, mkdirSync, openSync, renameSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { JSONValue } from "proto3-json-serializer";
import { LineFile } from "../line-file.ts";

/** A message in the journal: `[seq, data in base64, attributes, ordering key]`. */
export type JournalMessage = readonly [number, string, Readonly<Record<string, string>>, string];

/** One change of the endpoint's state. Resources are in proto3 JSON. */
export type JournalRecord =
  | { readonly op: "topic"; readonly config: JSONValue }
  | { readonly op: "delete_topic"; readonly name: string }
  | { readonly op: "subscription"; readonly config: JSONValue }
  | { readonly op: "delete_subscription"; readonly name: string }
  | { readonly op: "schema"; readonly config: JSONValue }
  | { readonly op: "delete_schema"; readonly name: string }
  | {
      readonly op: "publish";
      readonly topic: string;
      readonly at_ms: number;
      readonly messages: readonly JournalMessage[];
    }
  | { readonly op: "ack"; readonly subscription: string; readonly seqs: readonly number[] }
  | { readonly op: "seek"; readonly subscription: string; readonly time_ms: number }
  /** Only in a snapshot: a message that a topic or a subscription still holds. */
  | { readonly op: "keep"; readonly topic: string; readonly at_ms: number; readonly message: JournalMessage }
  /** Only in a snapshot: which of the kept messages a subscription holds. */
  | {
      readonly op: "hold";
      readonly subscription: string;
      readonly open: readonly number[];
      readonly acked: readonly number[];
    };

/** Where changes are written before they are answered. */
export interface Journal {
  append(record: JournalRecord): void;
  /** Whether it has grown so much that a snapshot would be a good deal shorter. */
  readonly oversized: boolean;
  /** Replaces everything written so far by records that lead to the same state. */
  compact(records: Iterable<JournalRecord>): void;
  close(): void;
}

/** Keeps nothing: the endpoint then lives in memory only. */
export const noJournal: Journal = { append: () => {}, oversized: false, compact: () => {}, close: () => {} };

const FILE = "journal.ndjson";
const LEAST_OVERSIZE_BYTES = 64 << 20;

/**
 * A journal in a directory: one file, one record a line, handed to the operating system before `append` returns.
 * So it survives the death of the process at any moment, but is not synced to disk: not the loss of power.
 */
export class FileJournal implements Journal {
  readonly #directory: string;
  #file: number;
  #snapshotBytes = 0;
  #appendedBytes = 0;

  /**
   * Opens or creates the journal.
   * @param replay called with every record in order; a last line cut off by a crash was never answered, and goes
   */
  constructor(directory: string, replay: (record: JournalRecord) => void) {
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
    const path = join(directory, FILE);
    if (existsSync(path))
      truncateSync(
        path,
        readJournal(path, (line) => replay(JSON.parse(line) as JournalRecord)),
      );
    this.#file = openSync(path, "a");
  }

  get oversized(): boolean {
    return this.#appendedBytes > Math.max(LEAST_OVERSIZE_BYTES, this.#snapshotBytes);
  }

  append(record: JournalRecord): void {
    this.#appendedBytes += writeLine(this.#file, record);
  }

  compact(records: Iterable<JournalRecord>): void {
    const path = join(this.#directory, FILE);
    const next = openSync(`${path}.next`, "w");
    this.#snapshotBytes = 0;
    for (const record of records) this.#snapshotBytes += writeLine(next, record);
    renameSync(`${path}.next`, path);
    closeSync(this.#file);
    this.#file = next;
    this.#appendedBytes = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function writeLine(file: number, record: JournalRecord): number {
  const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
  return bytes.length;
}

/** @returns the offset behind the last whole line */
function readJournal(path: string, onLine: (line: string) => void): number {
  const lines = new LineFile(path);
  try {
    return lines.read(onLine);
  } finally {
    lines.close();
  }
}
