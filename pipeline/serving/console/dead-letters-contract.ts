/*
 * What the console's page of dead letters gets and sends, in JSON: types that the server and the page share. Times are
 * RFC 3339.
 */

/** How many messages of one source and reason, over time. */
export interface OutcomeJson {
  /** Of dead letters the event, of late events the view. */
  readonly source: string;
  readonly reason: string;
  readonly total: number;
  readonly newest: string;
  /** By the spans of the answer, the oldest first. */
  readonly counts: readonly number[];
}

/** `GET /console/api/dead-letters/summary?hours=24` */
export interface OutcomesJson {
  readonly since: string;
  /** End of the last span, after now. */
  readonly until: string;
  readonly span_ms: number;
  readonly dead_letters: readonly OutcomeJson[];
  readonly late_events: readonly OutcomeJson[];
  /** Whether this server may publish dead letters again. */
  readonly can_redrive: boolean;
}

/** Names a dead letter. */
export interface LetterIdJson {
  readonly event: string;
  readonly reason: string;
  readonly message_id: string;
  readonly publish_time: string;
}

/** A dead letter in a list. */
export interface LetterJson extends LetterIdJson {
  /** The decoder's own words: which field, what it was, what would be right. */
  readonly detail: string;
  /** The beginning of its bytes, base64. */
  readonly head: string;
  readonly data_bytes: number;
  /** Why it can't be published again; null where it can. */
  readonly not_redrivable: string | null;
  /** When it was last published again; null: never. */
  readonly redriven_at: string | null;
}

/** `GET /console/api/dead-letters?hours=24[&event=E][&reason=R][&after=C][&limit=N]` */
export interface LettersJson {
  readonly letters: readonly LetterJson[];
  /** For `after` of the next page; null: there is none. */
  readonly next: string | null;
}

/** `GET /console/api/dead-letters/letter?event=E&reason=R&message_id=M&publish_time=T` */
export interface WholeLetterJson extends LetterJson {
  readonly attributes: Readonly<Record<string, string>>;
  readonly ordering_key: string;
  /** Its bytes, base64: the first 64 KiB of more. */
  readonly data: string;
}

/** A late event. */
export interface LateEventJson {
  readonly view: string;
  readonly reason: string;
  readonly key: string;
  readonly event_id: string;
  readonly message_id: string;
  readonly event_time: string;
  readonly publish_time: string;
  readonly delivered_time: string;
  /** From the event to its first publish. */
  readonly delay_ms: number;
  /** What the view allows. */
  readonly allowed_lateness_ms: number | null;
  /** As JSON. */
  readonly event: string;
}

/** `GET /console/api/late-events?hours=24[&view=V][&reason=R][&after=C][&limit=N]` */
export interface LateEventsJson {
  readonly events: readonly LateEventJson[];
  readonly next: string | null;
}

/** `POST /console/api/dead-letters/redrive` */
export type RedriveRequest = (
  | { readonly letters: readonly LetterIdJson[] }
  | {
      readonly reason: string;
      readonly event?: string;
      readonly since: string;
      /** The instant of the trial, so that no more is published than a person agreed to. @default now */
      readonly until?: string;
    }
) & {
  /** Whether only to say what would be published. */
  readonly dry_run: boolean;
  /** Whether to take those too that were published again before. @default false */
  readonly again?: boolean;
};

/** What came of a redrive, or would. */
export interface RedriveJson {
  readonly dry_run: boolean;
  /** Dead letters that were meant. */
  readonly chosen: number;
  /** Messages that were published again, or would be, by topic. */
  readonly published: readonly { readonly topic: string; readonly messages: number }[];
  /** Dead letters that no redrive can help, or that had theirs, by why. */
  readonly left: readonly { readonly why: string; readonly letters: number }[];
  /** Messages that Pub/Sub refused, the first of them with its words. */
  readonly refused: readonly { readonly message_id: string; readonly detail: string }[];
  /** Why it ended before all were published; null: it didn't. */
  readonly interrupted: string | null;
  /** Whether there are more than one redrive takes: once more for those. */
  readonly more: boolean;
  /** For `until` of the redrive that follows a trial. */
  readonly until: string;
}
