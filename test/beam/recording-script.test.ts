import { describe, expect, it } from "vitest";
import { decodePubsubMessage, encodePubsubMessage } from "../../pipeline/beam/pubsub-message.ts";
import {
  MAX_SCRIPT_MESSAGES,
  ScriptTooLongError,
  scriptRecording,
} from "../../pipeline/beam/recording-script.ts";
import type { PubsubMessage } from "../../pipeline/core/model.ts";
import { message } from "../support/messages.ts";
import { countPlan } from "../support/plans.ts";

const published = (publishTimeMs: number): PubsubMessage => ({ ...message("x"), publishTimeMs });
const endsOf = (publishTimes: readonly number[], plans = [countPlan({ slideMs: 10, longestMs: 30 })]) =>
  scriptRecording(publishTimes.map(published), plans).endsMs;

describe("the script of a recording", () => {
  //  publish     3     8     27  30       (never before the first: nothing can be due)
  //  ends           10   20     30
  it("settles at each window end between two messages, and at one that a message is published at", () => {
    expect(endsOf([3, 8, 27, 30, 30])).toEqual([10, 20, 30]);
  });

  it("plays messages in the order of publish", () => {
    expect(endsOf([27, 3, 8])).toEqual([10, 20]);
  });

  //  publish  3                                      95
  //  slice    [0, 10): leaves its longest window at 40, and then nothing is left
  it("settles no longer than anything can be due", () => {
    expect(endsOf([3, 95])).toEqual([10, 20, 30, 40]);
  });

  it("knows the ends of all views, those before 1970 too", () => {
    const views = [
      countPlan({ slideMs: 10, longestMs: 30 }),
      countPlan({ name: "other", slideMs: 15, longestMs: 30 }),
    ];
    expect(endsOf([-21, 5], views)).toEqual([-20, -15, -10, 0]);
  });

  it("refuses more messages than one graph should hold, with both numbers", () => {
    const many = Array.from({ length: MAX_SCRIPT_MESSAGES + 1 }, () => published(0));
    expect(() => scriptRecording(many, [])).toThrow(ScriptTooLongError);
    expect(() => scriptRecording(many, [])).toThrow(
      `at most ${MAX_SCRIPT_MESSAGES} messages; this one has ${many.length}`,
    );
  });
});

describe("a message's bytes", () => {
  it.each([1_767_268_800_123, 0, -1])("hold all of it, published at %i", (publishTimeMs) => {
    const whole: PubsubMessage = {
      data: new Uint8Array([0, 255, 1]),
      attributes: { a: "ä", b: "" },
      messageId: "17",
      publishTimeMs,
      orderingKey: "k",
    };
    const read = decodePubsubMessage(encodePubsubMessage(whole), 0);
    expect({ ...read, data: new Uint8Array(read.data) }).toEqual(whole);
  });
});
