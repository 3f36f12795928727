/** The aggregations that a feature can name. */
export { count } from "./count.ts";
export { distinct, DistinctLimitError, type DistinctAccumulator } from "./distinct.ts";
export { first, last, type EndAccumulator } from "./ends.ts";
export { max, min, type Comparable } from "./extremes.ts";
export { mean, type MeanAccumulator } from "./mean.ts";
export { sum } from "./sum.ts";
export type { ExactSum } from "./exact-sum.ts";
