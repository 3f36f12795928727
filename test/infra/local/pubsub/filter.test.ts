import { expect, test } from "vitest";
import { compileFilter } from "../../../../infra/local/pubsub/filter.ts";

const sale = { type: "sale", region: "eu-west1", "ce-source": "shop/1" };

test.each([
  ["", true],
  ["attributes:region", true],
  ["attributes:nothing", false],
  ['attributes.type = "sale"', true],
  ['attributes.type="refund"', false],
  ['attributes.type != "refund"', true],
  // Also true of a message that has no such attribute.
  ['attributes.nothing != "x"', true],
  ['hasPrefix(attributes.region, "eu-")', true],
  ['hasPrefix(attributes.nothing, "")', false],
  ['attributes.ce-source = "shop/1"', true],
  ['attributes."ce-source" = "shop/1"', true],
  ["NOT attributes:region", false],
  ["-attributes:nothing", true],
  ['attributes:region AND attributes.type = "sale"', true],
  ["attributes:nothing OR attributes:region", true],
  ["attributes:region AND (attributes:nothing OR NOT attributes:type)", false],
])("%s", (filter, matches) => {
  expect(compileFilter(filter)(sale)).toBe(matches);
});

test("a value may hold quotes", () => {
  expect(compileFilter('attributes.q = "say \\"hi\\""')({ q: 'say "hi"' })).toBe(true);
});

test.each([
  "type = 1",
  "attributes.type",
  'attributes.type > "a"',
  "attributes:a AND attributes:b OR attributes:c",
  "(attributes:a",
  'hasPrefix(attributes.a "b")',
  "attributes:a attributes:b",
  `attributes.${"k".repeat(300)} = "v"`,
])("refuses %s", (filter) => {
  expect(() => compileFilter(filter)).toThrow(/filter/i);
});
