/*
 * Numbers and times as a person reads them. A value that isn't known is a dash.
 */
const NONE = "–";
const COUNT = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

const DAY_S = 86_400;

/** `1,234,567` */
export function count(n: number | null | undefined): string {
  return n === null || n === undefined ? NONE : COUNT.format(n);
}

/** `1.2M`, for where there is little room; below 100,000 all digits. */
export function compact(n: number | null | undefined): string {
  if (n === null || n === undefined) return NONE;
  return Math.abs(n) < 100_000 ? COUNT.format(n) : COMPACT.format(n);
}

/** `12.346` */
export function decimal(n: number | null | undefined): string {
  return n === null || n === undefined ? NONE : DECIMAL.format(n);
}

/** `39`, or `4.2` of few. */
export function rate(perSecond: number | null | undefined): string {
  return decimal(perSecond != null && perSecond >= 10 ? Math.round(perSecond) : perSecond);
}

/** `4.2%` */
export function percent(part: number | null | undefined): string {
  return part === null || part === undefined || Number.isNaN(part) ? NONE : PERCENT.format(part);
}

/** `850 ms`, `2.3 s`, `4 min 10 s`, `3 h 5 min`, `12 days` */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (Math.abs(ms) < 1_000) return `${String(Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (Math.abs(seconds) < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (Math.abs(whole) >= 2 * DAY_S) return `${count(Math.round(whole / DAY_S))} days`;
  const [units, big, small] = whole < 3_600 ? [60, "min", "s"] : [3_600, "h", "min"];
  const rest = Math.floor((whole % units) / (units / 60));
  return `${String(Math.floor(whole / units))} ${big}${rest === 0 ? "" : ` ${String(rest)} ${small}`}`;
}

/** `14:03:07` of the machine's time zone. */
export function clock(instant: string | number | null | undefined): string {
  if (instant === null || instant === undefined) return NONE;
  return new Date(instant).toLocaleTimeString("en-GB");
}

/** `14:03:07` of today, else with its date: `27 Nov 14:03:07`; of another year `14 Nov 2023 22:13:20`. */
export function moment(instant: string | number | null | undefined): string {
  if (instant === null || instant === undefined) return NONE;
  const [date, now] = [new Date(instant), new Date()];
  if (date.toDateString() === now.toDateString()) return clock(instant);
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year })} ${clock(instant)}`;
}

/** A value of a column, as JSON would have it; text without quotes. */
export function value(v: string | number | boolean | null | undefined): string {
  if (v === null || v === undefined) return "null";
  return typeof v === "number" ? decimal(v) : String(v);
}
