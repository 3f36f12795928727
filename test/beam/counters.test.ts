import { expect, it } from "vitest";
import { registerAssign } from "../../pipeline/beam/assign.ts";
import { registerDecode } from "../../pipeline/beam/decode.ts";
import { refTo, stageOf } from "../../pipeline/beam/view-ref.ts";
import { balances, messageCounts } from "../../pipeline/core/conservation.ts";
import type { DecodedEvent, PubsubMessage } from "../../pipeline/core/model.ts";
import { firstPublishAttributes } from "../../pipeline/core/redrive.ts";
import { features } from "../../pipeline/features/registry.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import { doFnPayload, makeDoFn } from "../../pipeline/harness/registry.ts";
import { message, PUBLISHED_MS, purchase } from "../support/messages.ts";
import { runSink } from "../support/run-sink.ts";

/* What the transforms before the windows count, by the names that the law reads. */
const DAY_MS = 86_400_000;
registerDecode(features);
registerAssign(features);
const plan = features.plan("user_purchases");

const redriven = (firstMs: number) =>
  message(
    { ...purchase, occurred_at: firstMs },
    firstPublishAttributes({ publishTimeMs: firstMs, messageId: "first" }),
  );

it("counts each message once, under its reason", async () => {
  const decode = await runSink(
    makeDoFn(doFnPayload("decode", { event: plan.source })) as DoFn<PubsubMessage>,
    () => 0,
  );
  const out = await decode.bundle([
    message(purchase),
    message({ ...purchase, event_type: "view" }),
    message({ ...purchase, occurred_at: PUBLISHED_MS - 600_000 }),
    redriven(PUBLISHED_MS - DAY_MS),
    message("{"),
    message("no json"),
    message({ ...purchase, user_id: "" }),
  ]);
  const events = out.filter(({ tag }) => tag === undefined).map(({ value }) => value as DecodedEvent);

  const assign = await runSink(makeDoFn(doFnPayload("assign", refTo(plan))) as DoFn<DecodedEvent>, () => 0);
  const candidates = (await assign.bundle(events)).filter(({ tag }) => tag === undefined);
  const totals: Record<string, number> = { ...decode.counts(), ...assign.counts() };
  const stage = stageOf(plan);
  totals[`${stage}.applied`] = candidates.length;
  const counts = messageCounts((name) => totals[name] ?? 0, plan.source, [{ name: plan.name, stage }]);
  expect(counts).toEqual({
    read: 7,
    decoded: 4,
    dead_letter: 3,
    dead_letters: { malformed: 2, empty_key: 1 },
    views: { user_purchases: { applied: 1, late: 1, window_closed: 1, filtered: 1, duplicate: 0 } },
  });
  expect(balances(counts).map(({ difference }) => difference)).toEqual([0, 0, 0]);
});
