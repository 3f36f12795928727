/** One factor of a cost. */
export interface Factor {
  readonly value: number;
  /** What it is, like `nodes` or `$/h`. */
  readonly unit: string;
}

/** One line of an estimate. */
export interface Line {
  readonly item: string;
  readonly factors: readonly Factor[];
  /** US dollars a month: the product of the factors. */
  readonly usd: number;
}

/** A line whose cost is the product of what stands in it. */
export function line(item: string, ...factors: readonly (readonly [number, string])[]): Line {
  return {
    item,
    factors: factors.map(([value, unit]) => ({ value, unit })),
    usd: factors.reduce((product, [value]) => product * value, 1),
  };
}

/** `2 nodes × 730 h × 0.65 $/h`. */
export function formulaOf({ factors }: Line): string {
  return factors.map(({ value, unit }) => `${figure(value)} ${unit}`).join(" × ");
}

/** Four significant digits: more would claim to know more. */
function figure(value: number): string {
  return String(Number(value.toPrecision(value >= 1000 ? Math.ceil(Math.log10(value + 1)) : 4)));
}
