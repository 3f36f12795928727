import { describe, expect, it } from "vitest";
import { InFlight, type InFlightLimits } from "../../pipeline/stores/in-flight.ts";

/** A store whose requests stay open until the test answers them. */
function store() {
  const requests: { batch: readonly string[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  const send = (batch: readonly string[]) =>
    new Promise<void>((resolve, reject) => requests.push({ batch, succeed: resolve, fail: reject }));
  const request = (i: number) => {
    const found = requests[i];
    if (found === undefined) throw new Error(`only ${requests.length} requests were sent`);
    return found;
  };
  return { requests, send, request, batches: () => requests.map((r) => r.batch.join("")) };
}

const inFlight = (send: (batch: readonly string[]) => Promise<void>, limits: Partial<InFlightLimits> = {}) =>
  new InFlight<string>(send, (text) => text.length, { entries: 2, bytes: 10, requests: 2, ...limits });

describe("InFlight", () => {
  it("gathers by count and by bytes; an entry larger than a request travels alone", async () => {
    const { send, requests, request, batches } = store();
    const flight = inFlight(send, { entries: 3, requests: 9 });
    for (const text of ["a", "b", "c", "dddddd", "eeeeee", "f", "g".repeat(30), "h"]) void flight.add(text);
    const drained = flight.drain();
    expect(batches()).toEqual(["abc", "dddddd", "eeeeeef", "g".repeat(30), "h"]);
    requests.forEach((_, i) => request(i).succeed());
    await drained;
  });

  it("holds the caller back only while every request is taken and one more is waiting", async () => {
    const { send, request, batches } = store();
    const flight = inFlight(send);
    const early = ["a", "b", "c", "d", "e"].map((text) => flight.add(text));
    expect(early).toEqual([undefined, undefined, undefined, undefined, undefined]);
    const held = flight.add("f");
    expect(held).toBeInstanceOf(Promise);
    expect(batches()).toEqual(["ab", "cd"]);
    request(0).succeed();
    await held;
    expect(batches()).toEqual(["ab", "cd", "ef"]);
    const drained = flight.drain();
    request(1).succeed();
    request(2).succeed();
    await drained;
  });

  it("drains to the last acknowledgement, in however many rounds", async () => {
    const { send, request, batches } = store();
    const flight = inFlight(send, { requests: 1 });
    for (const text of ["a", "b", "c"]) void flight.add(text);
    let done = false;
    const drained = flight.drain().then(() => (done = true));
    request(0).succeed();
    await Promise.resolve();
    expect(done).toBe(false);
    await expect.poll(batches).toEqual(["ab", "c"]);
    request(1).succeed();
    await drained;
    expect(done).toBe(true);
  });

  it("after a failure sends nothing more, rejects add and drain with it, and is then as new", async () => {
    const { send, request, batches } = store();
    const flight = inFlight(send, { requests: 1 });
    void flight.add("a");
    void flight.add("b");
    void flight.add("c");
    const held = flight.add("d");
    request(0).fail(new Error("down"));
    await expect(held).rejects.toThrow("down");
    await expect(flight.add("e")).rejects.toThrow("down");
    await expect(flight.drain()).rejects.toThrow("down");
    expect(batches()).toEqual(["ab"]);

    void flight.add("x");
    const drained = flight.drain();
    request(1).succeed();
    await drained;
    expect(batches()).toEqual(["ab", "x"]);
  });

  it("has nothing to wait for when empty", async () => {
    await expect(inFlight(store().send).drain()).resolves.toBeUndefined();
  });
});
