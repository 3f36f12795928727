/** What a check found: what there is, and where it isn't enough, what to do. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** `error`: the stack can't start; `warning`: it can, or could after a download that will be tried. */
  readonly status: "ok" | "warning" | "error";
  readonly found: string;
  readonly advice?: string;
}

/** A finding that asks for nothing. */
export function fine(check: string, found: string): Finding {
  return { check, status: "ok", found };
}
