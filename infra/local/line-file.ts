import { closeSync, openSync, readSync } from "node:fs";

/** One for all files: reading is synchronous. Large, since a line may be: a journal's has a whole message. */
const CHUNK = Buffer.alloc(1 << 20);
const NEW_LINE = 10;

/** Whole lines of a file that may still grow, without holding it in memory. */
export class LineFile {
  readonly #file: number;
  #position: number;
  #rest: Buffer = Buffer.alloc(0);

  /** @param [from] offset of the first line to read, bytes */
  constructor(path: string, from = 0) {
    this.#file = openSync(path, "r");
    this.#position = from;
  }

  /** Reads the lines that came since the last call. @returns the offset behind the last whole line, bytes */
  read(onLine: (line: string) => void): number {
    for (let read; (read = readSync(this.#file, CHUNK, { position: this.#position })) > 0;) {
      this.#position += read;
      const bytes = Buffer.concat([this.#rest, CHUNK.subarray(0, read)]);
      let start = 0;
      for (let end; (end = bytes.indexOf(NEW_LINE, start)) >= 0; start = end + 1)
        onLine(bytes.toString("utf8", start, end));
      this.#rest = bytes.subarray(start);
    }
    return this.#position - this.#rest.length;
  }

  close(): void {
    closeSync(this.#file);
  }
}
