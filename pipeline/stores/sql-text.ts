import type { FeatureValue } from "../core/model.ts";

/** A name as SQL writes it. Names of ours have letters, digits and `_` only; a user's may have more. */
export function identifier(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** A value as SQL writes it. */
export function literal(value: FeatureValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number") return String(value);
  return `'${value.replace(/[\\'\n\r]/g, (c) => ({ "\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r" })[c] ?? c)}'`;
}

/** A duration as SQL writes it. */
export function milliseconds(ms: number): string {
  return `INTERVAL ${String(ms)} MILLISECOND`;
}
