import type { ExplanationJson } from "../../core/audit/explanation-contract.ts";

/*
 * What the console's key inspector gets, in JSON: types that the server and the page share. Times are RFC 3339, lengths
 * milliseconds.
 */

/** The view behind an inspection, as far as a picture needs it. */
export interface InspectedView {
  readonly name: string;
  readonly version: number;
  readonly entity: string;
  readonly key_field: string;
  readonly slide_ms: number;
  /** Ascending; the last is the longest. */
  readonly sizes_ms: readonly number[];
  readonly allowed_lateness_ms: number;
  readonly freshness_ms: number;
}

/** `GET /console/api/inspect?view=V&key=K[&at=T]` */
export interface InspectionJson {
  readonly view: InspectedView;
  readonly key: string;
  /** The newest events and panes where there are more than a picture holds: `all` tells how many there are. */
  readonly explanation: ExplanationJson;
  /** Where the longest window begins that may answer: the left end of the picture. */
  readonly since: string;
  /** What each of the explanation's events says, in their order. */
  readonly values: readonly Readonly<Record<string, unknown>>[];
  readonly all: { readonly events: number; readonly panes: number };
  /** Whether an instant was asked for; else it is of the moment of reading. */
  readonly is_past: boolean;
  /** How often the moment may be read anew: what is asked for sooner is answered by the reading before. */
  readonly refresh_ms: number;
}

/** A key that is offered to look at. */
export interface OfferedKey {
  readonly key: string;
  /** When it was last heard of. */
  readonly at: string;
  /** Of a key with rows, the events of its fullest window. */
  readonly events?: number;
}

/** `GET /console/api/keys?view=V` */
export interface OfferedKeysJson {
  readonly view: string;
  /** Those whose rows came last, the newest first. */
  readonly recent: readonly OfferedKey[];
  /** Those of which an event came too late, the newest first. */
  readonly late: readonly OfferedKey[];
}
