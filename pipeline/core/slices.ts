/**
 * Arithmetic of slices and windows. A slice is a fixed window of one slide, named by its start; a window is
 * half-open `[end − size, end)`, named by its end. All in ms; slices and ends are whole multiples of the slide.
 */

/** The start of the slice that holds an instant: `floor(t / s) · s`, also before 1970. */
export function sliceOf(timeMs: number, slideMs: number): number {
  return Math.floor(timeMs / slideMs) * slideMs;
}

/** The least window end at or after an instant. */
export function endAtOrAfter(timeMs: number, slideMs: number): number {
  return Math.ceil(timeMs / slideMs) * slideMs + 0; // + 0: never −0
}

/**
 * Where `startMs` stands, or would stand, among slices in ascending order: the index of the first that begins
 * at or after it.
 */
export function lowerBound(slices: readonly { readonly sliceMs: number }[], startMs: number): number {
  let low = 0;
  let high = slices.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((slices[middle] as { sliceMs: number }).sliceMs < startMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a slice stands among slices in ascending order. */
export function hasSlice(slices: readonly { readonly sliceMs: number }[], sliceMs: number): boolean {
  return slices[lowerBound(slices, sliceMs)]?.sliceMs === sliceMs;
}
