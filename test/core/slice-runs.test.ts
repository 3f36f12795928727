import fc from "fast-check";
import { expect, test } from "vitest";
import { emit } from "../../pipeline/core/emit.ts";
import { KeySlices } from "../../pipeline/core/key-slices.ts";
import { toSliceEvent } from "../../pipeline/core/slice-grouper.ts";
import { addEvent, emptyPartial } from "../../pipeline/core/slice-partial.ts";
import { collectionEnd } from "../../pipeline/core/retention.ts";
import { testEvent, testPlan } from "../support/plans.ts";

const SHORT = 90;
const LONG = 300;
const base = testPlan();
/** s = 10: a window is thirty slices, so that it holds three runs of eight and both edges. */
const plan = testPlan({
  longestMs: LONG,
  sizesMs: [SHORT, LONG],
  columns: base.columns.map((column) => ({ ...column, sizeMs: column.sizeMs === 20 ? SHORT : LONG })),
});

const changes = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ slice: fc.integer({ min: -12, max: 28 }), amount: fc.double({ noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ collected: fc.integer({ min: -12, max: 12 }) }) },
  ),
  { minLength: 40, maxLength: 90 },
);

//  |  run of 8  |  run of 8  |  run of 8  |
//  [. . . . . . . . . . . . . . . . . . . )       a row by runs = the row slice by slice
test("a row is the same to the byte whether runs of slices are added up anew or were before", () => {
  fc.assert(
    fc.property(changes, (steps) => {
      const key = new KeySlices("u");
      for (const [i, step] of steps.entries()) {
        if ("collected" in step) {
          key.collect(plan, collectionEnd(plan, step.collected * 10));
        } else {
          const part = emptyPartial(plan, step.slice * 10);
          const purchase = { amount: step.amount, country: `c${i % 23}` };
          addEvent(
            plan,
            part,
            toSliceEvent(plan, testEvent(step.slice * 10, { eventId: `e${i}`, purchase })),
          );
          key.merge(plan, part);
        }
        // Sums that were made for these rows are met again by those of the next step.
        for (let endMs = -100; endMs <= 600; endMs += 50) {
          expect(key.content(plan, endMs)).toEqual(emit(plan, key.slices, endMs));
        }
      }
    }),
    { seed: 7, numRuns: 15 },
  );
});
