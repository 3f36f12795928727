import { expect, it } from "vitest";
import type { Committed } from "../../../pipeline/serving/console/committed.ts";
import { committedSource } from "../../../pipeline/serving/console/committed-source.ts";

const NONE: Committed = { flows: [], eventsPerSecond: undefined, freshness: {} };
const account = (eventsPerSecond: number): Committed => ({
  ...NONE,
  eventsPerSecond,
  flows: [{ kind: "committed" } as Committed["flows"][number]],
});

/** A source whose readings end when the test says so. */
function sourceOf() {
  const readings: PromiseWithResolvers<Committed>[] = [];
  const failures: string[] = [];
  const source = committedSource(
    () => {
      const reading = Promise.withResolvers<Committed>();
      readings.push(reading);
      return reading.promise;
    },
    (message) => failures.push(message),
  );
  const end = async (settle: (reading: PromiseWithResolvers<Committed>) => void) => {
    const reading = readings.at(-1);
    if (reading === undefined) throw new Error("nothing is read");
    settle(reading);
    await reading.promise.catch(() => undefined);
    await Promise.resolve().then(() => undefined);
  };
  return { source, readings, failures, end };
}

//  0     5        30    35         65 s
//  |-----|--------|-----|----------|
//  read, none yet |     |          |
//        read, known ---|--30 s----|
it("reads for somebody alone, one reading at a time, and rarely once there is an account", async () => {
  const { source, readings, end } = sourceOf();
  expect(source(0, false)).toMatchObject(NONE);
  expect(readings).toHaveLength(0);
  source(0, true);
  source(60_000, true); // the first reading is still under way
  expect(readings).toHaveLength(1);
  await end((reading) => reading.resolve(NONE));
  source(4_999, true);
  expect(readings).toHaveLength(1);
  source(5_000, true);
  expect(readings).toHaveLength(2);
  await end((reading) => reading.resolve(account(7)));
  expect(source(34_999, true)).toMatchObject({ eventsPerSecond: 7, problems: [] });
  expect(readings).toHaveLength(2);
  source(35_000, false);
  expect(readings).toHaveLength(2);
  source(35_000, true);
  expect(readings).toHaveLength(3);
});

it("keeps what it knows while the store can’t be read, and says so in no words of the store", async () => {
  const { source, failures, end } = sourceOf();
  source(0, true);
  await end((reading) => reading.resolve(account(7)));
  source(30_000, true);
  await end((reading) => reading.reject(new Error("10.0.0.7 refused")));
  const told = source(30_001, true);
  expect(told).toMatchObject({
    eventsPerSecond: 7,
    problems: [expect.stringContaining("committed counts are old")],
  });
  expect(JSON.stringify(told)).not.toContain("10.0.0.7");
  expect(failures).toEqual(["10.0.0.7 refused"]);
});
