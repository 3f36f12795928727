/** A seeded source of randomness: the same seed gives the same sequence, on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole, uniform in [0, below). */
  integer(below: number): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  /** `true` with a probability. */
  chance(probability: number): boolean;
  /** Exponential with a mean: the time between independent events. */
  exponential(mean: number): number;
  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T;
}

/**
 * A generator from a seed, not for secrets.
 * @param seed a whole number; only its low 32 bits count
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    integer,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    exponential: (mean) => -mean * Math.log(1 - next()),
    pick: <T>(items: readonly T[]): T => items[integer(items.length)] as T,
  };
}
