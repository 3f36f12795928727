import { describe, expect, it } from "vitest";
import { replayedAvailableAt } from "../../pipeline/beam/file-sink.ts";
import { features } from "../../pipeline/features/registry.ts";
import { testRow } from "../support/stores.ts";

const plan = { ...features.plan("user_purchases"), latencyMs: 1_000 };
const windowEndMs = Date.UTC(2026, 0, 1, 12, 1);

//     12:00:00        12:00:20 publish            12:01:00 window end
//     [---------------------------------------------------)
//                            early row: 12:00:21           on-time row: 12:01:01
describe("when a replayed row counts as readable", () => {
  const at = (timing: "EARLY" | "ON_TIME" | "LATE", maxPublishTimeMs: number) =>
    replayedAvailableAt(plan, testRow(plan, { windowEndMs, timing, maxPublishTimeMs }));

  it("early and late rows: a latency after their newest publish", () => {
    expect(at("EARLY", windowEndMs - 40_000)).toBe(windowEndMs - 39_000);
    expect(at("LATE", windowEndMs + 90_000)).toBe(windowEndMs + 91_000);
  });

  it("on-time rows: a latency after their end, but never before what they hold was published", () => {
    expect(at("ON_TIME", windowEndMs - 40_000)).toBe(windowEndMs + 1_000);
    expect(at("ON_TIME", windowEndMs + 5_000)).toBe(windowEndMs + 6_000);
  });
});
