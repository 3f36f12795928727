import { describe, expect, it } from "vitest";
import { identifier, literal } from "../../pipeline/stores/sql-text.ts";

describe("SQL text", () => {
  it.each([
    [null, "NULL"],
    [true, "TRUE"],
    [-1.5, "-1.5"],
    ["it's", String.raw`'it\'s'`],
    ["back\\slash\nline", String.raw`'back\\slash\nline'`],
  ])("writes the value %j as %s", (value, sql) => {
    expect(literal(value)).toBe(sql);
  });

  it("lets no name end its quotes", () => {
    expect(identifier("t` --")).toBe("`t\\` --`");
  });
});
