import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeExact,
  encodeExact,
  exactAdd,
  exactQuotient,
  exactZero,
  type ExactSum,
} from "../../../pipeline/core/aggregations/exact-sum.ts";
import { Reader, Writer } from "../../../pipeline/core/bytes.ts";
import { exactSum } from "../../support/oracle.ts";

function sumOf(...xs: number[]): ExactSum {
  const sum = exactZero();
  for (const x of xs) exactAdd(sum, x);
  return sum;
}

describe("an exact sum", () => {
  test.each([
    [[0.1, 0.2, 0.3], 0.6],
    [[1e16, 1, -1e16], 1],
    [new Array<number>(10).fill(0.1), 1],
    // 1 + half of its last bit is a tie, which goes to the even 1; anything below decides it.
    [[1, 2 ** -53], 1],
    [[1, 2 ** -53, 2 ** -200], 1 + 2 ** -52],
    [[1, 2 ** -53, -(2 ** -200)], 1],
    [[1 + 2 ** -52, 2 ** -53, -(2 ** -200)], 1 + 2 ** -52],
    [[5e-324, -5e-324], 0],
    [[-0], 0],
    [[], 0],
  ])("of %j is %d", (xs, expected) => {
    expect(exactQuotient(sumOf(...xs))).toBe(expected);
  });

  test("is right next to ties of the last bit", () => {
    const near = fc
      .tuple(fc.integer({ min: -70, max: 70 }), fc.integer({ min: -3, max: 3 }))
      .map(([e, m]) => m * 2 ** e);
    fc.assert(
      fc.property(fc.array(near, { maxLength: 12 }), (xs) => exactQuotient(sumOf(...xs)) === exactSum(xs)),
      { seed: 9, numRuns: 2000 },
    );
  });

  test("does not overflow on the way, and stays at the greatest double beyond it", () => {
    expect(exactQuotient(sumOf(1e308, 1e308, -1e308))).toBe(1e308);
    expect(exactQuotient(sumOf(1e308, -1e308, 0.1))).toBe(0.1);
    expect(exactQuotient(sumOf(1e308, 5e-324))).toBe(1e308);
    expect(exactQuotient(sumOf(1e308, 1e308))).toBe(Number.MAX_VALUE);
    expect(exactQuotient(sumOf(-1e308, -1e308))).toBe(-Number.MAX_VALUE);
    expect(exactQuotient(sumOf(1e308, 1e308), 2)).toBe(1e308);
  });

  test("of huge numbers is right, and is the same in any order", () => {
    const huge = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e307, max: 1e307 }),
      fc.constantFrom(2 ** 900, -(2 ** 900), 2 ** 899, 1e290, 0.1),
    );
    fc.assert(
      fc.property(fc.array(huge, { maxLength: 9 }), (xs) => {
        const sum = sumOf(...xs);
        expect(exactQuotient(sum)).toBe(exactSum(xs));
        const [to, reversed] = [new Writer(), new Writer()];
        encodeExact(sum, to);
        encodeExact(sumOf(...[...xs].reverse()), reversed);
        expect(to.view()).toEqual(reversed.view());
        expect(exactQuotient(decodeExact(new Reader(to.take())))).toBe(exactQuotient(sum));
      }),
      { seed: 10, numRuns: 500 },
    );
  });

  test("leaves out what is no number, which decode lets through nowhere", () => {
    expect(exactQuotient(sumOf(1, NaN, Infinity, -Infinity))).toBe(1);
  });
});
