import { describe, expect, it } from "vitest";
import { createDecoder, isDeadLetter } from "../../pipeline/core/decode.ts";
import { deadLetterAttributes, firstPublish, firstPublishAttributes } from "../../pipeline/core/redrive.ts";
import { shopEvents } from "../../pipeline/features/events.ts";
import { message, PUBLISHED_MS, purchase } from "../support/messages.ts";

const HOUR = 3_600_000;

describe("the first publish", () => {
  it("is the message's own where no attribute tells of another", () => {
    expect(firstPublish(message(""))).toMatchObject({ messageId: "m1", publishTimeMs: PUBLISHED_MS });
  });

  it("comes back from its attributes", () => {
    const first = { publishTimeMs: PUBLISHED_MS - HOUR, messageId: "m0" };
    expect(firstPublish(message("", firstPublishAttributes(first)))).toEqual(first);
  });

  it("has this message's id where only the time is known", () => {
    const attributes = { freshet_first_publish_time: "2026-01-01T13:00:00+02:00" };
    expect(firstPublish(message("", attributes))).toEqual({
      messageId: "m1",
      publishTimeMs: PUBLISHED_MS - HOUR,
    });
  });
});

describe("a dead letter's attributes", () => {
  const letter = {
    reason: "malformed",
    detail: "not JSON",
    message: message("{", { event_id: "e1" }),
  } as const;

  it("are the message's own, its first publish, and why", () => {
    expect(deadLetterAttributes(letter)).toEqual({
      event_id: "e1",
      freshet_first_publish_time: "2026-01-01T12:00:00.000Z",
      freshet_first_message_id: "m1",
      freshet_reason: "malformed",
      freshet_detail: "not JSON",
    });
  });

  it("keep the first publish however often the message goes round", () => {
    const again = {
      ...message("{", deadLetterAttributes(letter)),
      messageId: "m2",
      publishTimeMs: PUBLISHED_MS + HOUR,
    };
    expect(deadLetterAttributes({ ...letter, message: again })).toEqual(deadLetterAttributes(letter));
  });

  it("mend a first publish that is no time, so that the message can be published again", () => {
    const decode = createDecoder(shopEvents.plan);
    const broken = decode(message(purchase, { freshet_first_publish_time: "soon" }));
    if (!isDeadLetter(broken)) throw new Error("the message was decoded");
    expect(decode(message(purchase, deadLetterAttributes(broken)))).toMatchObject({
      publishTimeMs: PUBLISHED_MS,
    });
  });

  it("stay within Pub/Sub's limits", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, "x"]));
    const attributes = deadLetterAttributes({
      ...letter,
      detail: "é".repeat(600),
      message: message("{", many),
    });
    expect(Object.keys(attributes)).toHaveLength(100);
    expect(attributes).toMatchObject({ a95: "x", freshet_reason: "malformed" });
    expect(attributes["freshet_detail"]).toBe("é".repeat(512));
    // A character is never cut in half.
    expect(deadLetterAttributes({ ...letter, detail: `x${"é".repeat(600)}` })["freshet_detail"]).toBe(
      `x${"é".repeat(511)}`,
    );
  });
});
