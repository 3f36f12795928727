import { afterEach, beforeEach } from "vitest";
import type { WorkerOptions } from "../../pipeline/harness/worker.ts";
import { Worker } from "../../pipeline/harness/worker.ts";
import { FakeRunner } from "../support/fake-runner.ts";

/** A fake runner and a worker connected to it, anew for each test of a file. */
export interface Fixture {
  runner: FakeRunner;
  worker: Worker;
}

/** @param options of the worker, beside its endpoints */
export function connectedWorker(options: Partial<WorkerOptions> = {}): Fixture {
  const fixture = {} as Fixture; // filled before each test
  beforeEach(async () => {
    fixture.runner = await FakeRunner.start();
    const { url } = fixture.runner;
    fixture.worker = new Worker({ id: "worker-1", controlEndpoint: url, loggingEndpoint: url, ...options });
    await fixture.runner.connected();
  });
  afterEach(async () => {
    await fixture.worker.stop();
    fixture.runner.stop();
  });
  return fixture;
}

/** A promise that a test settles by hand. */
export function gate(): { readonly opened: Promise<unknown>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return {
    opened: promise,
    open: () => {
      resolve(undefined);
    },
  };
}
