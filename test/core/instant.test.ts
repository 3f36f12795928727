import fc from "fast-check";
import { expect, it } from "vitest";
import { formatInstant, parseInstant } from "../../pipeline/core/instant.ts";

it("reads RFC 3339, cutting what is below a millisecond", () => {
  expect(parseInstant("1970-01-01T00:00:01Z")).toBe(1_000);
  expect(parseInstant("1970-01-01T02:00:01.5+02:00")).toBe(1_500);
  expect(parseInstant("1970-01-01t00:00:00.123987z")).toBe(123);
});

it.each([
  "",
  "now",
  "1970",
  "1970-01-01",
  "1970-01-01T00:00:00",
  "1970-13-01T00:00:00Z",
  "1970-01-01T25:00:00Z",
])("reads no instant in %j", (text) => {
  expect(parseInstant(text)).toBeUndefined();
});

it("writes what it reads", () => {
  for (const ms of [0, -1, 1_767_268_800_123]) expect(parseInstant(formatInstant(ms))).toBe(ms);
  expect(formatInstant(0)).toBe("1970-01-01T00:00:00.000Z");
});

it("writes as a calendar does, whatever it wrote before", () => {
  const msOf = fc.integer({ min: Date.UTC(1900), max: Date.UTC(2100) });
  const sameText = fc.property(msOf, (ms) => formatInstant(ms) === new Date(ms).toISOString());
  fc.assert(sameText, { numRuns: 3000 }); // more minutes than are kept
  expect(formatInstant(1.75)).toBe("1970-01-01T00:00:00.001Z");
  expect(() => formatInstant(NaN)).toThrow(RangeError);
});
