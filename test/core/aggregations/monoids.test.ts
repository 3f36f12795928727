/** What every aggregation promises, held for each against the plain way of computing its value. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Aggregation, InputOrder } from "../../../pipeline/core/aggregation.ts";
import {
  count,
  distinct,
  first,
  last,
  max,
  mean,
  min,
  sum,
} from "../../../pipeline/core/aggregations/index.ts";
import { Reader, Writer } from "../../../pipeline/core/bytes.ts";
import type { FeatureValue } from "../../../pipeline/core/model.ts";
import { exactSum } from "../../support/oracle.ts";

interface Given {
  readonly input: FeatureValue;
  readonly order: InputOrder;
}

/** Numbers whose sum shows every rounding: far apart, cancelling, subnormal, halves of the last bit, −0. */
const number = fc.oneof(
  fc.constantFrom(0.1, -0.1, 1e16, 1, -1, 2 ** 53, 2 ** -53, 5e-324, -0, 1e300, -1e300),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e200, max: 1e200 }),
);
const value = fc.oneof(number, fc.string({ unit: "grapheme" }), fc.boolean(), fc.constant(null));
const numbers = (list: readonly Given[]) => list.map(({ input }) => input as number);
const ordered = (list: readonly Given[]) =>
  [...list].sort(
    (a, b) => a.order.eventTimeMs - b.order.eventTimeMs || (a.order.eventId < b.order.eventId ? -1 : 1),
  );
const noMinusZero = (v: FeatureValue | undefined) => (v === 0 ? 0 : (v ?? null));

/** The aggregation, what it takes, and its value the plain way. */
const cases: [Aggregation, fc.Arbitrary<FeatureValue>, (list: readonly Given[]) => FeatureValue][] = [
  [count, fc.constant(null), (list) => list.length],
  [sum, number, (list) => exactSum(numbers(list))],
  [mean, number, (list) => (list.length === 0 ? null : noMinusZero(exactSum(numbers(list)) / list.length))],
  [min, number, (list) => (list.length === 0 ? null : noMinusZero(Math.min(...numbers(list))))],
  [max, number, (list) => (list.length === 0 ? null : noMinusZero(Math.max(...numbers(list))))],
  [
    min,
    fc.string({ unit: "grapheme" }),
    (list) => list.map(({ input }) => input as string).sort()[0] ?? null,
  ],
  [
    max,
    fc.string({ unit: "grapheme" }),
    (list) =>
      list
        .map(({ input }) => input as string)
        .sort()
        .at(-1) ?? null,
  ],
  [first, value, (list) => noMinusZero(ordered(list)[0]?.input)],
  [last, value, (list) => noMinusZero(ordered(list).at(-1)?.input)],
  [distinct(1000), value, (list) => new Set(list.map(({ input }) => input)).size],
];

/** Inputs of different events of one key. */
function inputsOf(input: fc.Arbitrary<FeatureValue>): fc.Arbitrary<Given[]> {
  const given = fc.record({ input, eventTimeMs: fc.integer({ min: -3, max: 3 }), id: fc.nat({ max: 99 }) });
  return fc
    .uniqueArray(given, { maxLength: 25, selector: ({ id }) => id })
    .map((list) =>
      list.map(({ input, eventTimeMs, id }) => ({ input, order: { eventTimeMs, eventId: `e${id}` } })),
    );
}

function bytesOf(aggregation: Aggregation, accumulator: unknown): Buffer {
  const to = new Writer();
  aggregation.encode(accumulator, to);
  return to.take();
}

/** Adds a part one by one, or cuts it in two and merges what those give: any tree, by the draws. */
function fold(aggregation: Aggregation, list: readonly Given[], draw: () => number): unknown {
  if (list.length < 2 || draw() % 3 === 0) {
    return list.reduce((acc, { input, order }) => aggregation.add(acc, input, order), aggregation.zero());
  }
  const cut = draw() % (list.length + 1);
  const other = fold(aggregation, list.slice(cut), draw);
  const before = bytesOf(aggregation, other);
  const merged = aggregation.merge(fold(aggregation, list.slice(0, cut), draw), other);
  for (const { input, order } of list.slice(0, 2)) {
    // A later change of what was merged must not show in what it was merged from.
    aggregation.add(aggregation.merge(aggregation.zero(), other), input, order);
  }
  expect(bytesOf(aggregation, other)).toEqual(before);
  return merged;
}

describe.each(cases)("$name", (aggregation, input, plainly) => {
  test("is its value computed plainly, to the byte, for any order and merge tree", () => {
    fc.assert(
      fc.property(inputsOf(input), fc.infiniteStream(fc.nat()), (list, draws) => {
        const draw = () => draws.next().value as number;
        const inTurn = list.reduce(
          (acc, { input, order }) => aggregation.add(acc, input, order),
          aggregation.zero(),
        );
        const shuffled = list.map((given) => ({ given, at: draw() })).sort((a, b) => a.at - b.at);
        const tree = fold(
          aggregation,
          shuffled.map(({ given }) => given),
          draw,
        );
        expect(bytesOf(aggregation, tree)).toEqual(bytesOf(aggregation, inTurn));
        expect(aggregation.output(tree)).toStrictEqual(plainly(list));
      }),
      { seed: 6, numRuns: 400 },
    );
  });

  test("survives its bytes, and can be added to afterwards", () => {
    fc.assert(
      fc.property(inputsOf(input), inputsOf(input), (list, more) => {
        const add = (acc: unknown, given: readonly Given[]) =>
          given.reduce((a, { input, order }) => aggregation.add(a, input, order), acc);
        const from = new Reader(bytesOf(aggregation, add(aggregation.zero(), list)));
        const copy = aggregation.decode(from);
        expect(from.done).toBe(true);
        expect(aggregation.output(copy)).toStrictEqual(plainly(list));
        const expected = add(add(aggregation.zero(), list), more);
        expect(bytesOf(aggregation, add(copy, more))).toEqual(bytesOf(aggregation, expected));
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test("takes its input through bytes", () => {
    fc.assert(
      fc.property(input, (given) => {
        const to = new Writer();
        aggregation.encodeInput(given, to);
        const from = new Reader(to.take());
        // −0 may become 0: no value differs by it.
        expect(aggregation.decodeInput(from) as number).toEqual(given === 0 ? expect.closeTo(0, 20) : given);
        expect(from.done).toBe(true);
      }),
      { seed: 8 },
    );
  });

  test("says of nothing what it declares", () => {
    expect(aggregation.output(aggregation.zero())).toBe(aggregation.empty);
  });
});
