import fc from "fast-check";
import { expect, it } from "vitest";
import { fuzzRequest, harmless } from "../support/fuzz-requests.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { testServer } from "../support/serving.ts";

/** A run is one request; they are drawn from a seed. Many more go over HTTP: `test/bench/fuzz.ts`. */
const SETTINGS = { seed: 23, numRuns: 4_000, endOnFailure: true } as const;

it(`answers ${String(SETTINGS.numRuns)} requests of any kind by 200 or a problem of its list`, async () => {
  const { request } = await testServer(new MemoryStore());
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fuzzRequest, async ({ path, body, ...init }) => {
      const response = await request(path, { ...init, ...(body !== undefined && { body }) });
      const outcome = harmless(response.status, await response.text());
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }),
    SETTINGS,
  );
  // Or the requests would not reach what they are to shake: the checks of a body, and the answer.
  expect(counts.get("answered")).toBeGreaterThan(SETTINGS.numRuns / 20);
  expect(counts.get("invalid_request")).toBeGreaterThan(SETTINGS.numRuns / 5);
  expect(counts.get("malformed_json")).toBeGreaterThan(SETTINGS.numRuns / 20);
});
