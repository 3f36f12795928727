import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import type { FeatureValue } from "../../pipeline/core/model.ts";
import { readValue, writeValue } from "../../pipeline/core/value-codec.ts";

function bytesOf(value: FeatureValue): Buffer {
  const to = new Writer();
  writeValue(value, to);
  return to.take();
}

describe("values", () => {
  test("come back as they were, −0 as 0", () => {
    const value = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.maxSafeInteger(),
    );
    fc.assert(
      fc.property(value, (v) => {
        const from = new Reader(bytesOf(v));
        expect(readValue(from)).toStrictEqual(Object.is(v, -0) ? 0 : v);
        expect(from.done).toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  // Cells and state hold these bytes.
  test.each<[FeatureValue, string]>([
    [null, "00"],
    [false, "01"],
    [true, "02"],
    [0, "0300"],
    [300, "03ac02"],
    [-1, "04bff0000000000000"],
    [0.5, "043fe0000000000000"],
    ["é", "0502c3a9"],
  ])("%j is written as %s", (value, hex) => {
    expect(bytesOf(value).toString("hex")).toBe(hex);
  });

  test("of an unknown tag are refused", () => {
    expect(() => readValue(new Reader(Buffer.of(9)))).toThrow("no value begins with tag 9");
    expect(() => readValue(new Reader(Buffer.of(4, 0)))).toThrow(RangeError);
  });
});
