import type { CombineFn, DoFn } from "./dofn.ts";
import { HarnessError } from "./errors.ts";

/** How a graph names our DoFns and CombineFns. The payload is JSON: `{name, config}`. */
export const DO_FN_URN = "freshet:dofn:v1";
export const COMBINE_FN_URN = "freshet:combine:v1";

/**
 * Makes a function from the JSON configuration that the graph carries. The factory declares the configuration's
 * type: graph and worker are one program, so it is what the graph was built with.
 */
export type Factory<T> = (config: never) => T;

const doFns = new Map<string, Factory<DoFn>>();
const combineFns = new Map<string, Factory<CombineFn>>();

/**
 * Makes a DoFn known to this process's workers. The factory runs once for each bundle processor.
 * @throws HarnessError `already_registered`
 */
export function registerDoFn(name: string, factory: Factory<DoFn>): void {
  register(doFns, "DoFn", name, factory);
}

/** The same for a CombineFn. @throws HarnessError `already_registered` */
export function registerCombineFn(name: string, factory: Factory<CombineFn>): void {
  register(combineFns, "CombineFn", name, factory);
}

/** What a graph carries for a DoFn: its registered name and JSON configuration, as `DO_FN_URN`'s payload. */
export function doFnPayload(name: string, config?: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ name, config }));
}

/** The same for a CombineFn, as `COMBINE_FN_URN`'s payload. */
export function combineFnPayload(name: string, config?: unknown): Uint8Array {
  return doFnPayload(name, config);
}

/** @throws HarnessError `not_registered` */
export function makeDoFn(payload: Uint8Array): DoFn {
  return make(doFns, "DoFn", payload);
}

/** @throws HarnessError `not_registered` */
export function makeCombineFn(payload: Uint8Array): CombineFn {
  return make(combineFns, "CombineFn", payload);
}

function register<T>(known: Map<string, Factory<T>>, kind: string, name: string, factory: Factory<T>): void {
  if (known.has(name)) throw new HarnessError("already_registered", `${kind} "${name}" is registered twice`);
  known.set(name, factory);
}

function make<T>(known: ReadonlyMap<string, Factory<T>>, kind: string, payload: Uint8Array): T {
  const { name, config } = JSON.parse(new TextDecoder().decode(payload)) as {
    name: string;
    config: never;
  };
  const factory = known.get(name);
  if (!factory) {
    const names = [...known.keys()].sort().join(", ") || "none";
    throw new HarnessError(
      "not_registered",
      `${kind} "${name}" is not registered in this worker (registered: ${names})`,
    );
  }
  return factory(config);
}
