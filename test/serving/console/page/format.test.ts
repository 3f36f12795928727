import { describe, expect, it } from "vitest";
import {
  compact,
  count,
  duration,
  moment,
  percent,
  rate,
  value,
} from "../../../../pipeline/serving/console/page/format.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1.0 s"],
    [59_900, "59.9 s"],
    [60_000, "1 min"],
    [250_000, "4 min 10 s"],
    [3_600_000, "1 h"],
    [11_100_000, "3 h 5 min"],
    [2 * 86_400_000, "2 days"],
    [92.4 * 86_400_000, "92 days"],
    [null, "–"],
  ])("duration(%s) is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it("names the day of a time that is not today's, and the year of one of another year", () => {
    const now = new Date();
    expect(moment(now.getTime())).toBe(now.toLocaleTimeString("en-GB"));
    expect(moment("2023-11-14T12:00:00Z")).toMatch(/^14 Nov 2023 \d\d:\d\d:\d\d$/);
    expect(moment(null)).toBe("–");
  });

  it("shows what isn't known as a dash, and never as a number", () => {
    expect([count(null), compact(undefined), rate(null), percent(NaN)]).toEqual(["–", "–", "–", "–"]);
    expect(value(null)).toBe("null");
  });

  it("shortens only what needs much room", () => {
    expect([compact(99_999), compact(1_234_567), count(1_234_567)]).toEqual(["99,999", "1.2M", "1,234,567"]);
    expect([rate(4.25), rate(39.2), percent(0.0421)]).toEqual(["4.25", "39", "4.2%"]);
  });
});
