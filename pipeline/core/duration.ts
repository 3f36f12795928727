import { FreshetError } from "./errors.ts";

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS_MS;

/** A length of time as people write it: a whole number and a unit. `"30m"`, `"1h"`, `"500ms"`. */
export type Duration = `${number}${Unit}`;

/** Thrown when a text is no duration, or one too long to count in whole milliseconds. */
export class DurationError extends FreshetError {
  constructor(text: string) {
    super(
      "duration_malformed",
      `${JSON.stringify(text)} is no duration: write a whole number and one of ms, s, m, h, d, like "30m"`,
      { text },
    );
  }
}

const SHAPE = /^(0|[1-9]\d*)(ms|s|m|h|d)$/;

/**
 * The length of a duration.
 * @example parseDuration("30m") // 1_800_000
 * @returns whole milliseconds, 0 or more
 * @throws DurationError
 */
export function parseDuration(text: string): number {
  const [, count, unit] = SHAPE.exec(text) ?? [];
  const ms = Number(count) * ((UNITS_MS[unit as Unit] as number | undefined) ?? NaN);
  if (!Number.isSafeInteger(ms)) throw new DurationError(text);
  return ms;
}

/**
 * Writes a length in the largest unit that divides it: one length has one text, so that it can name a column.
 * @param ms whole milliseconds, 0 or more
 * @example formatDuration(3_600_000) // "1h"
 */
export function formatDuration(ms: number): Duration {
  const largestFirst = Object.entries(UNITS_MS).reverse() as [Unit, number][];
  const [unit, unitMs] = largestFirst.find(([, length]) => ms > 0 && ms % length === 0) ?? ["s", 1_000];
  return `${ms / unitMs}${unit}`;
}
