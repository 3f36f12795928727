import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../../../infra/local/pubsub/heap.ts";

test("pops what was pushed, least first, with pushes in between", () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant("pop" as const)));
  fc.assert(
    fc.property(steps, (script) => {
      const heap = new Heap<number>((item) => item);
      const sorted: number[] = [];
      for (const step of script) {
        if (step === "pop") {
          expect(heap.pop()).toBe(sorted.shift());
        } else {
          heap.push(step);
          sorted.push(step);
          sorted.sort((a, b) => a - b);
        }
        expect(heap.peek()).toBe(sorted[0]);
        expect(heap.size).toBe(sorted.length);
      }
    }),
    { seed: 11 },
  );
});
