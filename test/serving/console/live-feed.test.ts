import { onTestFinished, describe, expect, it, vi } from "vitest";
import type { LiveJson } from "../../../pipeline/serving/console/contract.ts";
import { LiveFeed, type LiveFeedOptions } from "../../../pipeline/serving/console/live-feed.ts";
import { serverEvents } from "../../../pipeline/serving/console/page/sse.ts";

const AT = Date.UTC(2026, 2, 1, 12);

/** How all is, `n` seconds after `AT`. */
function liveAt(n: number, problems: readonly string[] = []): LiveJson {
  return {
    at: new Date(AT + n * 1_000).toISOString(),
    source: "job",
    events_per_second: n,
    views: [],
    flows: [],
    problems,
  };
}

/** A feed that reads when the test says so: at each turn of fake timers. */
function feedOf(changes: Partial<LiveFeedOptions> = {}) {
  vi.useFakeTimers();
  const failures: string[] = [];
  let reads = 0;
  const feed = new LiveFeed({
    read: () => Promise.resolve(liveAt(++reads)),
    onFailure: (message) => failures.push(message),
    ...changes,
  });
  onTestFinished(() => {
    feed.close();
    vi.useRealTimers();
  });
  return { feed, failures, reads: () => reads };
}

const turn = () => vi.advanceTimersByTimeAsync(1_000);

describe("LiveFeed", () => {
  it("reads once for any number of browsers, and not at all for none", async () => {
    const { feed, reads } = feedOf();
    await turn();
    expect(reads()).toBe(0);
    const streams = [feed.subscribe(), feed.subscribe(), feed.subscribe()];
    await turn();
    expect(reads()).toBe(2); // at once, and a second later
    await Promise.all(streams.map((stream) => stream.cancel()));
    await turn();
    const after = reads();
    await turn();
    expect({ listeners: feed.listeners, reads: reads() }).toEqual({ listeners: 0, reads: after });
  });

  it("gives the past first, then how all is", async () => {
    const { feed } = feedOf({ always: true, history: 3 });
    for (let i = 0; i < 5; i++) await turn();
    const events = serverEvents(feed.subscribe());
    const [past, now] = [await events.next(), await events.next()];
    expect(past.value).toMatchObject({ name: "history" });
    const history = JSON.parse(past.value?.data ?? "") as { events_per_second: number }[];
    expect(history.map((point) => point.events_per_second)).toEqual([4, 5, 6]);
    expect(JSON.parse(now.value?.data ?? "")).toEqual(liveAt(6));
  });

  it("says that it can't read, in no words of the store, and goes on", async () => {
    let broken = true;
    const { feed, failures } = feedOf({
      read: () => (broken ? Promise.reject(new Error("10.0.0.7 refused")) : Promise.resolve(liveAt(7))),
    });
    const events = serverEvents(feed.subscribe());
    await events.next(); // history
    const { value: problem } = await events.next();
    expect(problem?.name).toBe("problem");
    expect(problem?.data).not.toContain("10.0.0.7");
    expect(failures).toEqual(["10.0.0.7 refused"]);
    broken = false;
    await turn();
    expect((await events.next()).value).toMatchObject({ name: "live" });
  });

  it("drops a browser that reads too slowly, and keeps the others", async () => {
    const { feed } = feedOf({ bufferBytes: 600 });
    const slow = feed.subscribe();
    const quick = serverEvents(feed.subscribe());
    for (let i = 0; i < 6; i++) {
      await quick.next();
      await turn();
    }
    expect(feed.listeners).toBe(1);
    await expect(slow.getReader().read()).rejects.toThrow("too slowly");
  });

  it("lets a bounded number listen, and nobody after its end", async () => {
    const { feed } = feedOf({ streams: 1 });
    const stream = feed.subscribe();
    expect(() => feed.subscribe()).toThrow(expect.objectContaining({ code: "overloaded" }) as Error);
    feed.close();
    const reader = stream.getReader();
    await reader.read();
    expect((await reader.read()).done).toBe(true);
    expect(() => feed.subscribe()).toThrow(expect.objectContaining({ code: "draining" }) as Error);
  });

  it("breaks a long silence with comments, which are no events", async () => {
    const { feed } = feedOf({ read: () => new Promise<LiveJson>(() => undefined) });
    const reader = feed.subscribe().getReader();
    await reader.read(); // history
    await vi.advanceTimersByTimeAsync(15_000);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(":\n\n");
  });
});
