import util from "node:util";

/**
 * `serialize-closures`, which apache-beam loads, still calls `util.isPrimitive`; Node removed it in version 23.
 * Import this before `apache-beam`.
 */
const legacy = util as unknown as { isPrimitive?: (value: unknown) => boolean };
legacy.isPrimitive ??= (value) =>
  value === null || (typeof value !== "object" && typeof value !== "function");
