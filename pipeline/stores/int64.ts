/** A whole number of 64 bits, as generated types read it; those here all fit a number. */
export type Int64 = number | { toNumber(): number };

/** The number. */
export function numberOf(value: Int64): number {
  return typeof value === "number" ? value : value.toNumber();
}
