import type { DeadLetterReason } from "./model.ts";

/** Every reason for which decode makes a dead letter. `row_rejected` is none: its event was decoded, and applied. */
export const DECODE_REASONS = [
  "malformed",
  "invalid_utf8",
  "schema_mismatch",
  "unknown_revision",
  "unknown_encoding",
  "empty_key",
  "key_too_long",
  "event_time_absurd",
  "event_time_in_future",
  "message_too_large",
] as const satisfies readonly DeadLetterReason[];

/** What became of the decoded events in one view. An event is in exactly one class. */
export interface ViewCounts {
  readonly applied: number;
  /** Published too long after it happened. */
  readonly late: number;
  /** Came, or was redriven, when its windows may have been collected. */
  readonly window_closed: number;
  /** Refused by the view's own `where`. */
  readonly filtered: number;
  readonly duplicate: number;
}

/** What became of an event's messages: each is in exactly one class, and a decoded one in one class of each of its views. */
export interface MessageCounts {
  readonly read: number;
  readonly decoded: number;
  readonly dead_letter: number;
  /** Reasons that occurred, and how often. */
  readonly dead_letters: Partial<Readonly<Record<(typeof DECODE_REASONS)[number], number>>>;
  readonly views: Readonly<Record<string, ViewCounts>>;
}

/** One side of the law against the other. */
export interface Balance {
  /** `messages`, `dead letters`, or a view's name. */
  readonly of: string;
  /** What there was to account for, and what it is called: `5362 read`. */
  readonly whole: readonly [count: number, name: string];
  readonly parts: readonly (readonly [count: number, name: string])[];
  /**
   * Whole less parts: above 0, so many are not accounted for (in a running pipeline: on their way); below 0, so many
   * were counted twice.
   */
  readonly difference: number;
}

/**
 * The conservation law: read = dead-lettered + decoded, each dead letter has a reason, and each decoded message is in
 * exactly one class of each view. Holds where every difference is 0.
 */
export function balances(counts: MessageCounts): readonly Balance[] {
  const { read, decoded, dead_letter: deadLetters, views } = counts;
  const reasons = Object.entries(counts.dead_letters).map(([reason, n]) => [n, reason] as const);
  return [
    balance(
      "messages",
      [read, "read"],
      [
        [decoded, "decoded"],
        [deadLetters, "dead letters"],
      ],
    ),
    balance("dead letters", [deadLetters, "dead letters"], reasons),
    ...Object.entries(views).map(([view, v]) =>
      balance(
        view,
        [decoded, "decoded"],
        [
          [v.applied, "applied"],
          [v.late, "late"],
          [v.window_closed, "window_closed"],
          [v.filtered, "filtered"],
          [v.duplicate, "duplicate"],
        ],
      ),
    ),
  ];
}

/**
 * The counts of the law for one event, from a job's metrics.
 * @param counter the total of a name
 * @param event names the metrics of its messages
 * @param views those that are made of the event; `stage` names a view's metrics
 */
export function messageCounts(
  counter: (name: string) => number,
  event: string,
  views: readonly { readonly name: string; readonly stage: string }[],
): MessageCounts {
  const ofView = (stage: string): ViewCounts => ({
    applied: counter(`${stage}.applied`),
    late: counter(`${stage}.late`),
    window_closed: counter(`${stage}.window_closed`),
    filtered: counter(`${stage}.filtered`),
    duplicate: counter(`${stage}.duplicate`),
  });
  const reasons = DECODE_REASONS.map(
    (reason) => [reason, counter(`${event}.dead_letter.${reason}`)] as const,
  );
  return {
    read: counter(`${event}.read`),
    dead_letter: counter(`${event}.dead_letter`),
    dead_letters: Object.fromEntries(reasons.filter(([, n]) => n > 0)),
    decoded: counter(`${event}.decoded`),
    views: Object.fromEntries(views.map(({ name, stage }) => [name, ofView(stage)])),
  };
}

/** One line for a person: `5362 read = 5298 decoded + 64 dead letters ✓`. */
export function balanceText({ whole, parts, difference }: Balance): string {
  const sum = parts.length === 0 ? "0" : parts.map(([n, name]) => `${n} ${name}`).join(" + ");
  const [count, name] = whole;
  if (difference === 0) return `${count} ${name} = ${sum} ✓`;
  return difference > 0
    ? `${count} ${name} = ${sum} + ${difference} not accounted for`
    : `${count} ${name} = ${sum} − ${-difference} counted twice`;
}

/** One side against the other. */
export function balance(of: string, whole: Balance["whole"], parts: Balance["parts"]): Balance {
  return { of, whole, parts, difference: parts.reduce((rest, [n]) => rest - n, whole[0]) };
}
