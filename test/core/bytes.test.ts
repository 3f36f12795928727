import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  exactInstant,
  GLOBAL_WINDOW_MAX,
  instantNumber,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  Reader,
  Writer,
} from "../../pipeline/core/bytes.ts";

const RUNS = { seed: 20260104, numRuns: 500 };

/** What is read back after writing, and whether all of it was read. */
function roundTrip<T>(write: (writer: Writer) => void, read: (reader: Reader) => T): T {
  const writer = new Writer(1); // must grow
  write(writer);
  const reader = new Reader(writer.take());
  const value = read(reader);
  expect(reader.done).toBe(true);
  return value;
}

describe("varint", () => {
  test("any 64-bit integer comes back, as a number where that is exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
        const read = roundTrip(
          (w) => w.varint(n),
          (r) => r.varint(),
        );
        expect(BigInt(read)).toBe(n);
        expect(typeof read).toBe(Number.isSafeInteger(Number(n)) ? "number" : "bigint");
      }),
      RUNS,
    );
  });

  test("a number is written as the bigint of its value", () => {
    const bytes = (n: number | bigint) => {
      const writer = new Writer();
      writer.varint(n);
      return writer.take();
    };
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect(bytes(n)).toEqual(bytes(BigInt(n)));
      }),
      RUNS,
    );
    expect([...bytes(1_700_000_000_123)]).toEqual([0xfb, 0xd0, 0x95, 0xff, 0xbc, 0x31]);
    expect(bytes(-1)).toHaveLength(10);
  });

  test("what has no exact number, or no end, is refused", () => {
    expect(() => new Writer().varint(2 ** 53)).toThrow(RangeError);
    expect(() => new Writer().varint(0.5)).toThrow(RangeError);
    expect(() =>
      roundTrip(
        (w) => w.varint(2n ** 60n),
        (r) => r.varintNumber(),
      ),
    ).toThrow(RangeError);
    expect(() => new Reader(new Uint8Array(11).fill(0xff)).varint()).toThrow("longer than 64 bits");
    expect(() => new Reader(new Uint8Array(3).fill(0xff)).varint()).toThrow("past the end");
  });
});

describe("instants", () => {
  test("any safe millisecond comes back, and bytes sort as instants do", () => {
    const encoded = (ms: number) => {
      const writer = new Writer();
      writer.timestamp(ms);
      return writer.take();
    };
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        expect(new Reader(encoded(a)).timestamp()).toBe(a);
        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(Math.sign(a - b));
      }),
      RUNS,
    );
  });

  test.each([
    ["the beginning of time", MIN_TIMESTAMP, -9223372036854775n],
    ["the end of time", MAX_TIMESTAMP, 9223372036854775n],
    ["the end of the global window", GLOBAL_WINDOW_MAX, 9223371950454775n],
  ])("%s is exact on the wire", (_name, ms, exact) => {
    const writer = new Writer();
    writer.timestamp(ms);
    const bytes = writer.take();
    expect(BigInt.asIntN(64, bytes.readBigUInt64BE() ^ (1n << 63n))).toBe(exact);
    expect(new Reader(bytes).timestamp()).toBe(ms);
    expect(exactInstant(ms)).toBe(exact);
    expect(instantNumber(exact)).toBe(ms);
  });

  test("an instant that no number is, is refused rather than rounded", () => {
    expect(instantNumber(2n ** 53n)).toBe(2 ** 53);
    expect(() => instantNumber(2n ** 53n + 1n)).toThrow(RangeError);
    expect(() => instantNumber(9223371950454776n)).toThrow(RangeError); // its number stands for the global end
    expect(() => new Writer().timestamp(0.5)).toThrow(RangeError);
    expect(() => new Writer().timestamp(NaN)).toThrow(RangeError);
  });
});

test("strings, doubles and bytes come back in sequence", () => {
  const items = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("string" as const),
        value: fc.string({ unit: "binary", maxLength: 200 }),
      }),
      fc.record({ kind: fc.constant("double" as const), value: fc.double() }),
      fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 300 }) }),
    ),
  );
  fc.assert(
    fc.property(items, (list) => {
      const writer = new Writer(1);
      for (const { kind, value } of list) {
        if (kind === "string") writer.string(value);
        else if (kind === "double") writer.double(value);
        else {
          writer.varint(value.length);
          writer.bytes(value);
        }
      }
      const reader = new Reader(writer.take());
      for (const { kind, value } of list) {
        if (kind === "string") expect(reader.string()).toBe(value);
        else if (kind === "double") expect(reader.double()).toBe(value);
        else expect(Buffer.from(reader.bytes(reader.length()))).toEqual(Buffer.from(value));
      }
      expect(reader.done).toBe(true);
    }),
    RUNS,
  );
});

test("`take` copies and starts over; `view` does neither", () => {
  const writer = new Writer();
  writer.utf8("first");
  const view = writer.view();
  const taken = writer.take();
  writer.utf8("other");
  expect(taken.toString()).toBe("first");
  expect(view.toString()).toBe("other");
});

test("arbitrary bytes make a RangeError at worst", () => {
  const reads = [
    (r: Reader) => r.varint(),
    (r: Reader) => r.string(),
    (r: Reader) => r.timestamp(),
    (r: Reader) => r.int32be(),
    (r: Reader) => r.double(),
    (r: Reader) => r.bytes(r.length()),
  ];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(...reads), (bytes, read) => {
      const reader = new Reader(bytes);
      try {
        read(reader);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
      expect(reader.pos).toBeLessThanOrEqual(reader.end);
    }),
    RUNS,
  );
});
