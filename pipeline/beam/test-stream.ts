import type { TestStreamPayload_Event } from "apache-beam/proto/beam_runner_api";
import { Writer } from "../core/bytes.ts";
import { FreshetError } from "../core/errors.ts";
import { formatInstant } from "../core/instant.ts";
import type { Coder } from "../harness/coders.ts";

/** Beam's end of time, ms: no watermark goes beyond it. */
const END_OF_TIME_MS = 9_223_372_036_854_775n;

/** Thrown when a test stream is told what no stream does: `watermark_moves_back`, `stream_ended`, `clock_moves_back`. */
export class TestStreamError extends FreshetError {
  declare readonly code: "watermark_moves_back" | "clock_moves_back" | "stream_ended";
}

/**
 * The script of a stream: which elements come, and how far event time and the clock have got in between.
 *
 *     const script = new TestStream(utf8Coder)
 *       .element("a", 3)
 *       .advanceWatermarkTo(10)
 *       .element("b", 7)      // late
 *       .end();
 *     graph.testStream("script", utf8Coder, script);
 *
 * Watermarks wait for open bundles: run it with `maxBundleSize: 1`, or late elements look on time. Flink decodes the
 * elements itself, so their coder must be one of Beam's own; and it refuses a script that moves the clock.
 * @see https://beam.apache.org/documentation/programming-guide/ TestStream
 */
export class TestStream<T> {
  readonly #coder: Coder<T>;
  readonly #events: TestStreamPayload_Event[] = [];
  #watermarkMs = -Infinity;
  #ended = false;

  /** How far event time has come, ms; `-Infinity` before the first advance. */
  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  constructor(coder: Coder<T>) {
    this.#coder = coder;
  }

  /** One element comes. @param atMs its timestamp, which may be behind the watermark */
  element(value: T, atMs: number): this {
    const encoded = new Writer();
    this.#coder.encode(value, encoded, false);
    const element = { encodedElement: encoded.take(), timestamp: BigInt(atMs) };
    return this.#add({ oneofKind: "elementEvent", elementEvent: { elements: [element], tag: "" } });
  }

  /** Event time has come to `ms`: what was due before it is due. @throws TestStreamError when it was further already */
  advanceWatermarkTo(ms: number): this {
    if (ms < this.#watermarkMs) {
      const [from, to] = [this.#watermarkMs, ms].map(formatInstant);
      throw new TestStreamError(
        "watermark_moves_back",
        `the watermark of a test stream is at ${from ?? ""} and can't go back to ${to ?? ""}: order the script by time`,
        { watermarkMs: this.#watermarkMs, ms },
      );
    }
    this.#watermarkMs = ms;
    return this.#watermark(BigInt(ms));
  }

  /** The clock moves on. @param ms by how much @throws TestStreamError for less than nothing */
  advanceProcessingTime(ms: number): this {
    if (ms < 0) {
      const problem = `the clock of a test stream can't move by ${ms} ms: it only goes on`;
      throw new TestStreamError("clock_moves_back", problem, { ms });
    }
    const advanceDuration = BigInt(ms);
    return this.#add({ oneofKind: "processingTimeEvent", processingTimeEvent: { advanceDuration } });
  }

  /** Nothing comes any more, and event time is at its end. */
  end(): readonly TestStreamPayload_Event[] {
    this.#watermark(END_OF_TIME_MS);
    this.#ended = true;
    return this.#events;
  }

  #watermark(newWatermark: bigint): this {
    return this.#add({ oneofKind: "watermarkEvent", watermarkEvent: { newWatermark, tag: "" } });
  }

  #add(event: TestStreamPayload_Event["event"]): this {
    if (this.#ended) throw new TestStreamError("stream_ended", "a test stream takes nothing after its end");
    this.#events.push({ event });
    return this;
  }
}
