/** A row of values as a line, the oldest left; what isn't known is a gap. It says nothing that its figure doesn't. */
export function Sparkline({
  values,
  tone = "accent",
  top: highest,
}: {
  readonly values: readonly (number | null)[];
  readonly tone?: string;
  /** The value at the upper edge. @default the greatest */
  readonly top?: number;
}) {
  const known = values.filter((v) => v !== null);
  const top = highest ?? Math.max(1e-9, ...known);
  const step = 100 / Math.max(1, values.length - 1);
  const runs = runsOf(values.map((v, i) => (v === null ? null : ([i * step, 28 - (26 * v) / top] as const))));
  return (
    <svg class={`spark ${tone}`} viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      {runs.map((run, i) => (
        <g key={i}>
          <path
            class="spark-area"
            d={`M${run[0]?.[0] ?? 0} 30 L${points(run)} L${run.at(-1)?.[0] ?? 0} 30 Z`}
          />
          <path class="spark-line" d={`M${points(run)}`} vector-effect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  );
}

type Point = readonly [number, number];

function points(run: readonly Point[]): string {
  return run.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join(" L");
}

function runsOf(all: readonly (Point | null)[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const point of all) {
    if (point === null) runs.push([]);
    else runs.at(-1)?.push(point);
  }
  return runs.filter((run) => run.length > 1);
}
