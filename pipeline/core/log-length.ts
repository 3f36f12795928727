/** A log shorter than this, in bytes, is never replaced for its length. */
const LEAST_LOG_BYTES = 1 << 15;

/**
 * How long a shard's log is, to tell when a snapshot should take its place: once what was appended since the last one
 * has outgrown it, which keeps the cost of snapshots proportional to what is written anyway.
 */
export class LogLength {
  #appendedBytes = 0;
  #snapshotBytes = 0;

  /** An entry was added at the end. */
  append(bytes: number): void {
    this.#appendedBytes += bytes;
  }

  /** A snapshot took the place of all there was. */
  replace(bytes: number): void {
    this.#snapshotBytes = bytes;
    this.#appendedBytes = 0;
  }

  /** Whether the log should be replaced. */
  get hasOutgrown(): boolean {
    return this.#appendedBytes > Math.max(LEAST_LOG_BYTES, this.#snapshotBytes);
  }
}
