const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads an instant in RFC 3339; a fraction below the millisecond is cut off.
 * @returns epoch ms, or `undefined` when the text is no instant
 */
export function parseInstant(text: string): number | undefined {
  const ms = RFC_3339.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * Writes an instant in RFC 3339 with milliseconds, in UTC.
 * @param ms epoch ms, within the years 0 to 9999
 */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}
