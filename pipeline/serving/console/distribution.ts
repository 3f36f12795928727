import type { FeatureValue } from "../../core/model.ts";
import type { DistributionJson } from "./contract.ts";

const BARS = 20;
const TOP = 5;

/** How values of one column are spread. @param empty the column's default */
export function distributionOf(
  column: string,
  values: readonly FeatureValue[],
  empty: FeatureValue,
): DistributionJson {
  const numbers = values
    .filter((v) => typeof v === "number")
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const texts = values.filter((v) => v !== null && typeof v !== "number").map(String);
  return {
    column,
    nulls: values.filter((v) => v === null).length,
    defaults: values.filter((v) => v === empty).length,
    numbers: spreadOf(numbers),
    top: [...Map.groupBy(texts, (text) => text)]
      .map(([value, of]) => ({ value, count: of.length }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, TOP),
  };
}

/** @param sorted ascending */
function spreadOf(sorted: readonly number[]): DistributionJson["numbers"] {
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const quantile = (q: number) => sorted[Math.ceil(q * sorted.length) - 1] ?? min;
  const bars = Array.from({ length: max === min ? 1 : BARS }, () => 0);
  // By halves, since the greatest doubles are further apart than the greatest double.
  const range = max / 2 - min / 2 || 1;
  for (const v of sorted) {
    const bar = Math.min(bars.length - 1, Math.floor(((v / 2 - min / 2) / range) * bars.length));
    bars[bar] = (bars[bar] ?? 0) + 1;
  }
  return { min, p50: quantile(0.5), p95: quantile(0.95), max, bars };
}
