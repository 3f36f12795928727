import { describe, expect, it } from "vitest";
import { javaVersion } from "../../../../infra/local/install/java.ts";

describe("javaVersion", () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "21" 2023-09-19', 21],
    ['java version "1.8.0_402"', 8],
    ["command not found", undefined],
    [undefined, undefined],
  ])("%j is %s", (output, expected) => {
    expect(javaVersion(output)).toBe(expected);
  });
});
