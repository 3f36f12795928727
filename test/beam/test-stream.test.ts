import { describe, expect, it } from "vitest";
import { TestStream, TestStreamError } from "../../pipeline/beam/test-stream.ts";
import { utf8Coder } from "../../pipeline/harness/coders.ts";

/** The events of a script, shortened. */
function told(script: TestStream<string>) {
  return script.end().map(({ event }) => {
    switch (event.oneofKind) {
      case "elementEvent":
        return event.elementEvent.elements.map(
          ({ encodedElement, timestamp }) =>
            `${Buffer.from(encodedElement).toString()} at ${String(timestamp)}`,
        );
      case "watermarkEvent":
        return `watermark ${String(event.watermarkEvent.newWatermark)}`;
      case "processingTimeEvent":
        return `clock + ${String(event.processingTimeEvent.advanceDuration)}`;
      case undefined:
        return "nothing";
    }
  });
}

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TestStreamError) return error.code;
  }
  return "accepted";
}

describe("a test stream", () => {
  //  watermark ─∞ ───── −5 ──────── 10 ─────── ∞
  //                 a: −7    b: 3       c: 3
  it("is what its script says, in order, and ends with event time", () => {
    const script = new TestStream(utf8Coder)
      .element("a", -7)
      .advanceWatermarkTo(-5)
      .element("b", 3)
      .advanceWatermarkTo(10)
      .advanceProcessingTime(250)
      .element("c", 3);
    expect(script.watermarkMs).toBe(10);
    expect(told(script)).toEqual([
      ["a at -7"],
      "watermark -5",
      ["b at 3"],
      "watermark 10",
      "clock + 250",
      ["c at 3"],
      "watermark 9223372036854775",
    ]);
  });

  it("refuses what no stream does", () => {
    const script = new TestStream(utf8Coder).advanceWatermarkTo(10);
    expect(refusal(() => script.advanceWatermarkTo(9))).toBe("watermark_moves_back");
    expect(refusal(() => script.advanceWatermarkTo(10))).toBe("accepted");
    expect(refusal(() => script.advanceProcessingTime(-1))).toBe("clock_moves_back");
    script.end();
    expect(refusal(() => script.element("a", 0))).toBe("stream_ended");
    expect(refusal(() => script.end())).toBe("stream_ended");
  });
});
