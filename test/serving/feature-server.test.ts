import Module from "node:module";
import { expect, it } from "vitest";
import { startFeatureServer } from "../../pipeline/serving/feature-server.ts";

it("doesn't load OpenTelemetry's SDK by itself", () => {
  expect(startFeatureServer).toBeTypeOf("function");
  const loaded = Object.keys((Module as unknown as { readonly _cache: object })._cache);
  expect(loaded.filter((file) => file.includes("opentelemetry/api/")).length).toBeGreaterThan(0);
  expect(loaded.filter((file) => /opentelemetry.(sdk-trace|exporter)/.test(file))).toEqual([]);
});
