const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads an instant in RFC 3339; a fraction below the millisecond is cut off.
 * @returns epoch ms, or `undefined` when the text is no instant
 */
export function parseInstant(text: string): number | undefined {
  const ms = RFC_3339.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Texts up to the minute, which an instant shares with many others: a calendar costs twenty times as much. */
const minutes = new Map<number, string>();
const MINUTES_KEPT = 1024;
const SECONDS = Array.from({ length: 60 }, (_, s) => `${String(s).padStart(2, "0")}.`);
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, "0")}Z`);

/**
 * Writes an instant in RFC 3339 with milliseconds, in UTC; a fraction below is cut off.
 * @param ms epoch ms within the years 0 to 9999
 * @throws RangeError for what is no instant
 */
export function formatInstant(ms: number): string {
  const minute = Math.floor(ms / 60_000);
  let text = minutes.get(minute);
  if (text === undefined) {
    text = new Date(ms).toISOString().slice(0, -"00.000Z".length);
    if (minutes.size >= MINUTES_KEPT) minutes.clear();
    minutes.set(minute, text);
  }
  const inMinute = Math.floor(ms) - minute * 60_000;
  const second = Math.floor(inMinute / 1000);
  return `${text}${SECONDS[second] as string}${MILLISECONDS[inMinute - second * 1000] as string}`;
}
