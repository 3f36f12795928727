import fc from "fast-check";
import { expect, it } from "vitest";
import { PROBLEMS } from "../../../pipeline/serving/problem.ts";
import { inspectedServer } from "../../support/inspected-server.ts";

/** Requests to the inspecting endpoints, near to right ones and far from them: a run is one request. */
const SETTINGS = { seed: 29, numRuns: 3_000, endOnFailure: true } as const;

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }).map((raw) => raw.toWellFormed()),
  fc.constantFrom(
    "ann",
    "user_purchases",
    "malformed",
    "shop_event",
    "__proto__",
    "0",
    "1",
    "24",
    "1e3",
    "NaN",
    "",
  ),
);
const instant = fc.oneof(
  fc.constantFrom(
    "2026-03-01T12:00:00Z",
    "2026-03-01T11:00:00.5+14:00",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "0001-01-01T00:00:00Z",
  ),
  text,
);
const endpoint = (path: string, right: Readonly<Record<string, string>>) =>
  fc
    .record({
      kept: fc.subarray(Object.keys(right), { minLength: Object.keys(right).length - 1 }),
      others: fc.dictionary(
        fc.constantFrom("at", "after", "limit", "reason", "event", "view", "key", "hours", "constructor"),
        fc.oneof(text, instant),
        { maxKeys: 1 },
      ),
      spoilt: fc.option(fc.oneof(text, instant), { freq: 2 }),
    })
    .map(({ kept, others, spoilt }) => {
      const query = new URLSearchParams(others);
      for (const [i, name] of kept.entries()) query.set(name, (i === 0 ? spoilt : null) ?? right[name] ?? "");
      return `${path}?${query.toString()}`;
    });
const letter = {
  event: "shop_event",
  reason: "malformed",
  message_id: "m",
  publish_time: "2026-03-01T11:59:57Z",
};
const path = fc.oneof(
  endpoint("/console/api/inspect", { view: "user_purchases", key: "ann" }),
  endpoint("/console/api/keys", { view: "item_activity" }),
  endpoint("/console/api/dead-letters/summary", { hours: "24" }),
  endpoint("/console/api/dead-letters", { hours: "1" }),
  endpoint("/console/api/dead-letters/letter", letter),
  endpoint("/console/api/late-events", { hours: "9999" }),
  fc.constant("/console/api/services"),
  fc.webPath().map((rest) => `/console/api${rest}`),
);
const body = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constant({ reason: "malformed", since: "2026-03-01T11:00:00Z", dry_run: true }),
  },
  { weight: 2, arbitrary: fc.constant({ letters: [letter], dry_run: false }) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        reason: text,
        event: text,
        since: instant,
        until: instant,
        dry_run: fc.oneof(fc.boolean(), fc.anything({ maxDepth: 1 })),
        letters: fc.oneof(
          fc.array(fc.record({ event: text, publish_time: instant }), { maxLength: 2 }),
          text,
        ),
      },
      { requiredKeys: ["dry_run"] },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);
const json = body.map((value) =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? "1" : each)),
);
const call = fc.oneof(
  { weight: 5, arbitrary: path.map((url): [string, RequestInit] => [url, {}]) },
  {
    weight: 2,
    arbitrary: json.map((sent): [string, RequestInit] => [
      "/console/api/dead-letters/redrive",
      { method: "POST", body: sent, headers: { "Content-Type": "application/json" } },
    ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(path, fc.constantFrom("POST", "DELETE", "HEAD"))
      .map(([url, method]): [string, RequestInit] => [url, { method }]),
  },
);
const INSIDE = /node_modules|\.ts\b|\n {4}at |Zod|TypeError|Cannot read|undefined is/;

it(`answers ${String(SETTINGS.numRuns)} requests of any kind by 200 or a problem of its list`, async () => {
  const { request } = await inspectedServer();
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(call, async ([url, init]) => {
      const response = await request(url, init);
      const said = await response.text();
      expect(said).not.toMatch(INSIDE);
      expect(response.status).toBeLessThan(500);
      const code =
        response.status === 200 || said === ""
          ? "answered"
          : (JSON.parse(said) as { code: keyof typeof PROBLEMS }).code;
      if (code !== "answered") expect(PROBLEMS[code][0]).toBe(response.status);
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }),
    SETTINGS,
  );
  // Or the requests would not reach what they are to shake.
  expect(counts.get("answered")).toBeGreaterThan(SETTINGS.numRuns / 5);
  expect(counts.get("bad_parameter")).toBeGreaterThan(SETTINGS.numRuns / 10);
  expect(counts.get("invalid_request")).toBeGreaterThan(SETTINGS.numRuns / 20);
});
