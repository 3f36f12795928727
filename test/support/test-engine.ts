import { afterAll, beforeAll, inject } from "vitest";
import type { WorkerPoolOptions } from "../../pipeline/harness/worker-pool.ts";
import { TestEngine } from "./engine-graph.ts";
import "./stack-context.ts";

/** The shared stack's engine with workers of a test file's own, in its process; `engine` is there once tests run. */
export function testEngine(options: WorkerPoolOptions = {}): { readonly engine: TestEngine } {
  let engine: TestEngine | undefined;
  beforeAll(async () => {
    engine = await TestEngine.start(inject("stack").jobService, options);
  });
  afterAll(() => engine?.stop());
  return {
    get engine() {
      if (!engine) throw new Error("the engine has no workers yet: they start when the tests do");
      return engine;
    },
  };
}
