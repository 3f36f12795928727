import { describe, expect, it } from "vitest";
import { type BatchWriter, batchingSink, type Output } from "../../../pipeline/stores/sinks/batching-sink.ts";
import { GLOBAL_WINDOWS, NO_FIRING } from "../../../pipeline/harness/windowed-value.ts";
import { type Emitted, runSink } from "../../support/run-sink.ts";

/** A sink of numbers, two a request, whose writer the test gives. */
const sinkOf = (write: BatchWriter<number, number, string>["write"]) =>
  batchingSink<number, number, string>(() => ({
    limits: { entries: 2, bytes: 100, requests: 2 },
    prepare: (n) => n * 10,
    sizeOf: () => 1,
    write,
  }));

describe("batchingSink", () => {
  it("emits each output where its element stood, after its write, in no bundle but its own", async () => {
    const batches: number[][] = [];
    const sink = sinkOf((batch) => {
      batches.push(batch.map(({ entry }) => entry));
      return Promise.resolve(
        batch.map(({ element }): Output<string> | undefined =>
          element === 3
            ? undefined
            : { value: `${element} written`, ...(element === 4 && { tag: "rejected" }) },
        ),
      );
    });
    const run = await runSink(sink, () => 0);
    const place = { windows: GLOBAL_WINDOWS, pane: NO_FIRING };
    expect(await run.bundle([1, 2, 3, 4, 5], (n) => n * 1000)).toEqual([
      { value: "1 written", timestamp: 1000, ...place },
      { value: "2 written", timestamp: 2000, ...place },
      { value: "4 written", timestamp: 4000, ...place, tag: "rejected" },
      { value: "5 written", timestamp: 5000, ...place },
    ]);
    expect(batches).toEqual([[10, 20], [30, 40], [50]]);
    expect(await run.bundle([])).toEqual([]);
  });

  it("keeps no output for the bundle's end that the next element can take along", async () => {
    const emitted: Emitted<string>[] = [];
    const seen: string[][] = [];
    const sink = sinkOf((batch) => {
      seen.push(emitted.map(({ value }) => value));
      return Promise.resolve(batch.map(({ element }) => ({ value: `${element}` })));
    });
    const run = await runSink(sink, () => 0);
    await run.bundle([1, 2, 3, 4, 5], () => 0, emitted);
    expect(seen).toEqual([[], ["1", "2"], ["1", "2", "3", "4"]]);
    expect(emitted).toHaveLength(5);
  });

  it("emits nothing when a write fails, and the next bundle starts anew", async () => {
    let down = true;
    const sink = sinkOf((batch) =>
      down ? Promise.reject(new Error("down")) : Promise.resolve(batch.map(() => ({ value: "ok" }))),
    );
    const run = await runSink(sink, () => 0);
    await expect(run.bundle([1, 2, 3])).rejects.toThrow("down");
    down = false;
    expect((await run.bundle([4])).map(({ value }) => value)).toEqual(["ok"]);
  });

  it("holds a bundle back while the store is behind", async () => {
    const open: (() => void)[] = [];
    const sink = sinkOf(
      (batch) => new Promise((resolve) => open.push(() => resolve(batch.map(() => ({ value: "ok" }))))),
    );
    const run = await runSink(sink, () => 0);
    const done = run.bundle([1, 2, 3, 4, 5, 6]);
    await expect.poll(() => open.length).toBe(2); // the third request waits for one of the two
    open[0]?.();
    await expect.poll(() => open.length).toBe(3);
    open[1]?.();
    open[2]?.();
    expect(await done).toHaveLength(6);
  });
});
