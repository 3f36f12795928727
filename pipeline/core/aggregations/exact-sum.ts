import type { Reader, Writer } from "../bytes.ts";

/**
 * A sum of doubles without rounding, so that no order of adding shows in it.
 *
 * `partials` is an error-free expansion: doubles whose exact sum is the sum, none overlapping another, the
 * smallest first. `huge` is the exact sum of the inputs of at least 2^900, which are whole numbers: apart, so that
 * no partial ever overflows (2^123 smaller ones may come).
 * @see Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997; Python's math.fsum
 */
export interface ExactSum {
  readonly partials: number[];
  huge: bigint;
}

const HUGE = 2 ** 900;

/** The sum of nothing. */
export function exactZero(): ExactSum {
  return { partials: [], huge: 0n };
}

/** Adds one number. NaN and infinities add nothing: decode lets none through, and one would hide all others. */
export function exactAdd(sum: ExactSum, x: number): void {
  if (Math.abs(x) < HUGE) grow(sum.partials, x);
  else if (Number.isFinite(x)) sum.huge += BigInt(x);
}

/** Adds all of `other`, which stays as it is. */
export function exactMerge(sum: ExactSum, other: ExactSum): void {
  for (const x of other.partials) grow(sum.partials, x);
  if (other.huge !== 0n) sum.huge += other.huge; // adding 0n costs more than all the rest
}

/**
 * The double nearest to the sum divided by `count`, where the sum itself is rounded first (as fsum(xs) / n).
 * Beyond the greatest double it stays there: stores and JSON have no infinity.
 */
export function exactQuotient(sum: ExactSum, count = 1): number {
  const value = sum.huge === 0n ? rounded(sum.partials) / count : fromUnits(unitsOf(sum) / BigInt(count));
  return value + 0; // never −0
}

/** Writes the one expansion that the exact sum has when rounded greedily, so equal sums are equal bytes. */
export function encodeExact(sum: ExactSum, to: Writer): void {
  const canonical: number[] = [];
  const rest = [...sum.partials];
  while (rest.length > 0) {
    const head = rounded(rest);
    canonical.push(head);
    grow(rest, -head);
  }
  to.varint(canonical.length);
  for (const x of canonical) to.double(x);
  to.string(sum.huge === 0n ? "" : sum.huge.toString());
}

/** Reads what `encodeExact` wrote. @throws RangeError for bytes that end too soon */
export function decodeExact(from: Reader): ExactSum {
  const sum = exactZero();
  for (let left = from.length(); left > 0; left--) grow(sum.partials, from.double());
  sum.huge = BigInt(from.string());
  return sum;
}

/** Adds `x` to an expansion: each step keeps the rounded sum and, where there is one, its exact error. */
function grow(partials: number[], x: number): void {
  const size = partials.length;
  let carry = x;
  let kept = 0;
  for (let i = 0; i < size; i++) {
    const y = partials[i] as number;
    const sum = carry + y;
    const error = Math.abs(carry) < Math.abs(y) ? carry - (sum - y) : y - (sum - carry);
    if (error !== 0) partials[kept++] = error;
    carry = sum;
  }
  // Overwritten, not cut and pushed again: most sums keep their one or two partials, and cutting reallocates.
  if (carry !== 0) partials[kept++] = carry;
  if (kept < size) partials.length = kept;
}

/** The double nearest to an expansion's exact sum; ties go to the even one. */
function rounded(partials: readonly number[]): number {
  let i = partials.length - 1;
  let high = partials[i] ?? 0;
  let error = 0;
  while (i > 0 && error === 0) {
    const x = high;
    const y = partials[--i] as number;
    high = x + y;
    error = y - (high - x);
  }
  // `error` may be just half a unit: then what lies below it decides, which the addition could not see.
  const below = partials[i - 1] ?? 0;
  if ((error < 0 && below < 0) || (error > 0 && below > 0)) {
    const doubled = error * 2;
    const next = high + doubled;
    if (doubled === next - high) high = next;
  }
  return high;
}

/** The exact sum in units of 2^−1074, the least double. */
function unitsOf(sum: ExactSum): bigint {
  return sum.partials.reduce((units, x) => units + doubleUnits(x), sum.huge << 1074n);
}

const bits = new DataView(new ArrayBuffer(8));

function doubleUnits(x: number): bigint {
  bits.setFloat64(0, Math.abs(x));
  const raw = bits.getBigUint64(0);
  const exponent = raw >> 52n;
  const fraction = raw & ((1n << 52n) - 1n);
  const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -units : units;
}

function fromUnits(units: bigint): number {
  const size = units < 0n ? -units : units;
  // 64 leading bits, the last one set if any bit below is: Number() then rounds as if it saw them all.
  const drop = Math.max(0, size.toString(2).length - 64);
  let lead = size >> BigInt(drop);
  if (lead << BigInt(drop) !== size) lead |= 1n;
  const value = Math.min(Number(lead) * 2 ** (drop - 1074), Number.MAX_VALUE);
  return units < 0n ? -value : value;
}
