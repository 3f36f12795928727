/** From instants to places in a picture. */
export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly width: number;
  /** Where an instant stands, px; what lies before the picture stands at its edge, and so does what lies after. */
  readonly x: (ms: number) => number;
}

/** An even scale over `[fromMs, toMs]`. */
export function scaleOf(fromMs: number, toMs: number, width: number): Scale {
  const x = (ms: number) =>
    Math.round(Math.max(0, Math.min(1, (ms - fromMs) / (toMs - fromMs))) * width * 10) / 10;
  return { fromMs, toMs, width, x };
}

const STEPS_MS = [
  1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000,
  10_800_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000,
];

/** Round instants on a scale, at most one in every `apartPx`. */
export function ticksOf({ fromMs, toMs, width }: Scale, apartPx: number): readonly number[] {
  const least = ((toMs - fromMs) * apartPx) / width;
  const step = STEPS_MS.find((ms) => ms >= least) ?? 604_800_000;
  const first = Math.ceil(fromMs / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((toMs - first) / step) + 1) },
    (_, i) => first + i * step,
  );
}

/** Something that takes room in a row, px. */
export interface Room {
  readonly from: number;
  readonly to: number;
}

/**
 * Puts things into as few rows as they fit in without touching, each into the first that has room.
 * @param rooms in the order in which they are placed
 * @param most rows at most: what fits in none shares the last
 * @returns the row of each, from 0
 */
export function rowsOf(rooms: readonly Room[], most: number): readonly number[] {
  const ends: number[] = [];
  return rooms.map(({ from, to }) => {
    const free = ends.findIndex((end) => end <= from);
    const row = free >= 0 ? free : Math.min(ends.length, most - 1);
    ends[row] = Math.max(to, ends[row] ?? -Infinity);
    return row;
  });
}
