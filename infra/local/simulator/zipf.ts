import type { Random } from "./random.ts";

/**
 * Ranks by Zipf's law: rank `r` (from 0) comes up in proportion to `1 / (r + 1) ^ exponent`, as customers and items of
 * a shop do, a few of them all the time and most of them hardly ever.
 * @param size number of ranks, 1 or more
 * @returns draws a rank in [0, size)
 */
export function zipf(size: number, exponent: number, random: Random): () => number {
  const upTo = new Float64Array(size);
  let total = 0;
  for (let rank = 0; rank < size; rank++) upTo[rank] = total += (rank + 1) ** -exponent;
  return () => firstAbove(upTo, random.next() * total);
}

/** The index of the first sum above a value, by halving. */
function firstAbove(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
