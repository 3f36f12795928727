import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DurationError, formatDuration, parseDuration } from "../../pipeline/core/duration.ts";

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["1s", 1_000],
    ["30m", 1_800_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    "",
    "5",
    "m",
    "1.5h",
    "-1s",
    "1e3s",
    "05m",
    "1 m",
    "1w",
    "1H",
    "1m30s",
    "9007199254740993ms",
    "1s\n",
  ])("%j is none", (text) => {
    expect(() => parseDuration(text)).toThrow(DurationError);
    expect(() => parseDuration(text)).toThrow(
      expect.objectContaining({ code: "duration_malformed", fields: { text } }),
    );
  });

  test.each([
    [0, "0s"],
    [1_500, "1500ms"],
    [60_000, "1m"],
    [5_400_000, "90m"],
    [3_600_000, "1h"],
    [86_400_000, "1d"],
  ])("%d ms is written %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test("what is written reads back", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms),
      { seed: 1 },
    );
  });
});
