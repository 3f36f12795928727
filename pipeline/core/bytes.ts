/**
 * A growing byte writer and a bounds-checked reader for Beam's encodings, which our own codecs use too.
 * Instants are epoch milliseconds in a number.
 */

/** Beam's extreme instants: odd, beyond 2^53, so no number equals them. The nearest number stands for each. */
const MIN = -9223372036854775n;
const MAX = 9223372036854775n;
const GLOBAL_MAX = 9223371950454775n;

/** Stands for `BoundedWindow.TIMESTAMP_MIN_VALUE`; written exactly. */
export const MIN_TIMESTAMP = Number(MIN);
/** Stands for `BoundedWindow.TIMESTAMP_MAX_VALUE`; written exactly. */
export const MAX_TIMESTAMP = Number(MAX);
/** Stands for the last instant of the global window, one day before `MAX_TIMESTAMP`; written exactly. */
export const GLOBAL_WINDOW_MAX = Number(GLOBAL_MAX);

const EXACT = new Map([
  [MIN_TIMESTAMP, MIN],
  [MAX_TIMESTAMP, MAX],
  [GLOBAL_WINDOW_MAX, GLOBAL_MAX],
]);
const TWO_32 = 2 ** 32;
const SIGN_BIT = 1n << 63n;

/**
 * The instant that a number stands for, in exact milliseconds.
 * @throws RangeError for a fraction, NaN or an infinity.
 */
export function exactInstant(ms: number): bigint {
  return EXACT.get(ms) ?? BigInt(ms);
}

/**
 * The number that stands for an instant.
 * @throws RangeError where no number is that instant, or where the number stands for another one.
 */
export function instantNumber(instant: bigint): number {
  const ms = Number(instant);
  if (exactInstant(ms) !== instant) throw new RangeError(`instant ${String(instant)} ms has no exact number`);
  return ms;
}

/** Writes Beam's encodings into a buffer that grows. */
export class Writer {
  /** What was written is `buf[0..pos)`. Growing replaces the buffer. */
  buf: Buffer;
  pos = 0;

  constructor(size = 1024) {
    this.buf = Buffer.allocUnsafe(size);
  }

  private need(n: number): void {
    if (this.pos + n <= this.buf.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.pos + n));
    this.buf.copy(grown, 0, 0, this.pos);
    this.buf = grown;
  }

  /** Returns a copy of what was written and starts over. */
  take(): Buffer {
    const copy = Buffer.allocUnsafe(this.pos);
    this.buf.copy(copy, 0, 0, this.pos);
    this.pos = 0;
    return copy;
  }

  /** What was written, not copied: valid until the next write. */
  view(): Buffer {
    return this.buf.subarray(0, this.pos);
  }

  byte(v: number): void {
    this.need(1);
    this.buf[this.pos++] = v;
  }

  /** Raw bytes, without a length. */
  bytes(v: Uint8Array): void {
    this.need(v.length);
    this.buf.set(v, this.pos);
    this.pos += v.length;
  }

  int32be(v: number): void {
    this.need(4);
    this.pos = this.buf.writeInt32BE(v, this.pos);
  }

  double(v: number): void {
    this.need(8);
    this.pos = this.buf.writeDoubleBE(v, this.pos);
  }

  /**
   * A 64-bit integer, seven bits a byte, least first; negative ones in two's complement (ten bytes).
   * @throws RangeError for a number that is not a safe integer: pass a bigint there.
   */
  varint(v: number | bigint): void {
    this.need(10);
    if (typeof v === "number") {
      if (!Number.isSafeInteger(v)) throw new RangeError(`varint: ${v} is not a safe integer`);
      if (v >= 0) {
        let rest = v;
        while (rest >= 0x80) {
          this.buf[this.pos++] = (rest % 0x80) | 0x80;
          rest = Math.floor(rest / 0x80);
        }
        this.buf[this.pos++] = rest;
        return;
      }
    }
    let bits = BigInt.asUintN(64, BigInt(v));
    while (bits >= 0x80n) {
      this.buf[this.pos++] = Number(bits & 0x7fn) | 0x80;
      bits >>= 7n;
    }
    this.buf[this.pos++] = Number(bits);
  }

  /** UTF-8 with its length before it. */
  string(v: string): void {
    // UTF-8 needs at most 3 bytes a UTF-16 unit: a short string's length fits one byte, written afterwards.
    if (v.length * 3 < 0x80) {
      this.need(1 + v.length * 3);
      const n = this.buf.write(v, this.pos + 1);
      this.buf[this.pos] = n;
      this.pos += 1 + n;
      return;
    }
    this.varint(Buffer.byteLength(v));
    this.utf8(v);
  }

  /** UTF-8 without a length. */
  utf8(v: string): void {
    this.need(Buffer.byteLength(v));
    this.pos += this.buf.write(v, this.pos);
  }

  /**
   * An instant: big endian with the sign bit flipped, so that bytes sort as instants do.
   * @param ms epoch ms; whole, or one of the extreme instants above.
   * @throws RangeError for a fraction, NaN or an infinity.
   */
  timestamp(ms: number): void {
    this.need(8);
    if (Number.isSafeInteger(ms)) {
      const high = Math.floor(ms / TWO_32);
      this.buf.writeUInt32BE((high ^ 0x80000000) >>> 0, this.pos);
      this.buf.writeUInt32BE(ms - high * TWO_32, this.pos + 4);
    } else {
      this.buf.writeBigUInt64BE(BigInt.asUintN(64, exactInstant(ms) ^ SIGN_BIT), this.pos);
    }
    this.pos += 8;
  }
}

/** Reads Beam's encodings. Every read past `end` is a RangeError: bytes from outside can be trusted with it. */
export class Reader {
  readonly buf: Buffer;
  pos = 0;
  /** Where reading stops; a nested decoder may lower it and put it back. */
  end: number;

  constructor(bytes: Uint8Array) {
    this.buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.length;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.pos >= this.end;
  }

  /** Moves past `n` bytes and returns where they begin. */
  skip(n: number): number {
    const start = this.pos;
    if (n > this.end - start) throw new RangeError(`read past the end: ${start} + ${n} > ${this.end}`);
    this.pos = start + n;
    return start;
  }

  byte(): number {
    return this.buf[this.skip(1)] as number;
  }

  /** The next `n` bytes, not copied. */
  bytes(n: number): Buffer {
    const start = this.skip(n);
    return this.buf.subarray(start, this.pos);
  }

  /** All bytes up to the end, not copied. */
  rest(): Buffer {
    return this.bytes(this.end - this.pos);
  }

  int32be(): number {
    return this.buf.readInt32BE(this.skip(4));
  }

  double(): number {
    return this.buf.readDoubleBE(this.skip(8));
  }

  /** A 64-bit integer: a number where that is exact, else a bigint. */
  varint(): number | bigint {
    const start = this.pos;
    let value = 0;
    let unit = 1;
    for (let i = 0; i < 7; i++, unit *= 0x80) {
      const b = this.byte();
      value += (b & 0x7f) * unit;
      if (b < 0x80) return value;
    }
    this.pos = start;
    return this.longVarint();
  }

  private longVarint(): number | bigint {
    let bits = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (shift > 63n) throw new RangeError(`varint at ${this.pos} is longer than 64 bits`);
      const b = this.byte();
      bits |= BigInt(b & 0x7f) << shift;
      if (b < 0x80) break;
    }
    const value = BigInt.asIntN(64, bits);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  /**
   * An integer that our own codecs wrote from a number.
   * @throws RangeError beyond 2^53.
   */
  varintNumber(): number {
    const v = this.varint();
    if (typeof v === "bigint") throw new RangeError(`varint: ${String(v)} is not a safe integer`);
    return v;
  }

  /** A length or count that the bytes left can hold. @throws RangeError otherwise. */
  length(): number {
    const n = this.varintNumber();
    if (n < 0 || n > this.end - this.pos)
      throw new RangeError(`bad length ${n} at ${this.pos} of ${this.end}`);
    return n;
  }

  /** UTF-8 with its length before it. Malformed UTF-8 reads as U+FFFD. */
  string(): string {
    const n = this.length();
    const start = this.skip(n);
    return this.buf.toString(undefined, start, this.pos);
  }

  /**
   * An instant, epoch ms.
   * @throws RangeError for one beyond 2^53 that no number is (Beam's extreme instants read as the constants above).
   */
  timestamp(): number {
    const start = this.skip(8);
    const high = (this.buf.readUInt32BE(start) ^ 0x80000000) | 0;
    const ms = high * TWO_32 + this.buf.readUInt32BE(start + 4);
    if (Number.isSafeInteger(ms)) return ms;
    return instantNumber(BigInt.asIntN(64, this.buf.readBigUInt64BE(start) ^ SIGN_BIT));
  }
}
