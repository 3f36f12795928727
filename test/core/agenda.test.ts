import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Agenda, type Due } from "../../pipeline/core/agenda.ts";

interface Item extends Due {
  readonly name: string;
}
const item = (name: string): Item => ({ name, dueMs: undefined });

describe("an agenda", () => {
  test("hands out the least end with all that is due there, each once", () => {
    const agenda = new Agenda<Item>();
    const [a, b, c] = [item("a"), item("b"), item("c")];
    agenda.move(a, 30);
    agenda.move(b, 20);
    agenda.move(c, 30);
    agenda.move(a, 10); // leaves a note at 30
    agenda.move(a, 30); // and another one there
    expect(agenda.next()).toBe(20);
    expect(agenda.take()).toEqual({ endMs: 20, items: [b] });
    expect(agenda.take()).toEqual({ endMs: 30, items: [a, c] });
    expect(agenda.next()).toBeUndefined();
    expect(agenda.take()).toBeUndefined();
  });

  test("forgets an end that nothing is due at any more", () => {
    const agenda = new Agenda<Item>();
    const a = item("a");
    agenda.move(a, 10);
    agenda.move(a, undefined);
    expect(agenda.next()).toBeUndefined();
  });

  test("does what a plain list of items does", () => {
    const moves = fc.array(
      fc.tuple(fc.nat({ max: 5 }), fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined })),
    );
    fc.assert(
      fc.property(moves, fc.array(fc.boolean()), (changes, takes) => {
        const items = Array.from({ length: 6 }, (_, i) => item(`${i}`));
        const agenda = new Agenda<Item>();
        const due = () => items.flatMap(({ dueMs }) => dueMs ?? []);
        for (const [i, [index, endMs]] of changes.entries()) {
          agenda.move(items[index] as Item, endMs);
          const least = due().length === 0 ? undefined : Math.min(...due());
          expect(agenda.next()).toBe(least);
          if (takes[i] !== true) continue;
          const expected = items.filter(({ dueMs }) => least !== undefined && dueMs === least);
          const taken = agenda.take();
          expect(taken?.endMs).toBe(least);
          expect(new Set(taken?.items)).toEqual(new Set(expected));
          expect(taken?.items.length ?? 0).toBe(expected.length);
          expect(expected.every(({ dueMs }) => dueMs === undefined)).toBe(true);
        }
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
