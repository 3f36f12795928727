/** Up to which time all on-time rows of a view are readable, and since when that is known. */
export interface CompleteThrough {
  readonly completeThroughMs: number;
  readonly availableAtMs: number;
}
