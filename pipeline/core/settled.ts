import { type Balance, balance } from "./conservation.ts";
import { isDeadLetter } from "./decode.ts";
import { assign } from "./lateness.ts";
import type { DeadLetter, DecodedEvent, PubsubMessage } from "./model.ts";
import { type Candidate, type Taken, takenOf } from "./taken.ts";
import { sliceOf } from "./slices.ts";
import type { ViewPlan } from "./view-plan.ts";

/** What the stores say of messages that took no part: names are those of {@link letterName} and {@link lateName}. */
export interface Recorded {
  readonly letters: ReadonlySet<string>;
  readonly late: ReadonlySet<string>;
}

/** What became of archived messages in one view, each in one class. */
export interface SettledView {
  /** Applied, duplicate or `window_closed`: only the windows can tell, and `freshet parity` holds them to it. */
  windows: number;
  /** Too late, and recorded as such. */
  late: number;
  /** Too late, in a view that drops such events. */
  dropped: number;
  filtered: number;
  /** Too late, and recorded nowhere: lost. */
  lost: number;
}

/** What became of archived messages. `messages` = `decoded` + `dead_letters` + `lost`, and `decoded` = each view's sum. */
export interface Settled {
  messages: number;
  decoded: number;
  /** Not decodable, and recorded as such. */
  dead_letters: number;
  /** Not decodable, and recorded nowhere: lost. */
  lost: number;
  readonly views: Readonly<Record<string, SettledView>>;
}

/**
 * Accounts for archived messages, each once however often the archive has it. What has to become of a message is
 * worked out anew from its bytes; whether it did is looked up among what the stores recorded by message. So a bundle
 * that was processed twice changes nothing, and no counter of the pipeline is trusted.
 */
export class Ledger {
  readonly #decode: (message: PubsubMessage) => DecodedEvent | DeadLetter;
  readonly #plans: readonly ViewPlan[];
  readonly #recorded: Recorded;
  readonly #seen = new Set<string>();
  readonly #settled: Settled;
  readonly #candidates = new Map<ViewPlan, Candidate[]>();

  /** @param plans the views of the messages' event */
  constructor(
    decode: (message: PubsubMessage) => DecodedEvent | DeadLetter,
    plans: readonly ViewPlan[],
    recorded: Recorded,
  ) {
    this.#decode = decode;
    this.#plans = plans;
    this.#recorded = recorded;
    const none = (): SettledView => ({ windows: 0, late: 0, dropped: 0, filtered: 0, lost: 0 });
    const views = Object.fromEntries(plans.map(({ name }) => [name, none()]));
    this.#settled = { messages: 0, decoded: 0, dead_letters: 0, lost: 0, views };
  }

  /** Enters a message that came before those that are accounted for: it counts nowhere, but copies of it are copies. */
  remember(message: PubsubMessage): void {
    if (this.#seen.has(message.messageId)) return;
    this.#seen.add(message.messageId);
    const result = this.#decode(message);
    if (isDeadLetter(result)) return;
    for (const plan of this.#plans) {
      const assignment = assign(plan, result);
      if (assignment.outcome === "candidate") this.#note(plan, assignment.key, result, false);
    }
  }

  /**
   * What the windows of each view made of its `windows` events: exact where everything was remembered that a copy may
   * be of.
   */
  get taken(): Readonly<Record<string, Taken>> {
    return Object.fromEntries(
      this.#plans.map((plan) => [plan.name, takenOf(plan, this.#candidates.get(plan) ?? [])]),
    );
  }

  /** Enters a message of the archive. */
  add(message: PubsubMessage): void {
    if (this.#seen.has(message.messageId)) return;
    this.#seen.add(message.messageId);
    const settled = this.#settled;
    settled.messages += 1;
    const result = this.#decode(message);
    if (isDeadLetter(result)) {
      const isRecorded = this.#recorded.letters.has(letterName(result.message.messageId, result.reason));
      settled[isRecorded ? "dead_letters" : "lost"] += 1;
      return;
    }
    settled.decoded += 1;
    for (const plan of this.#plans) {
      const view = settled.views[plan.name];
      if (view) view[this.#classOf(plan, result)] += 1;
    }
  }

  /** The account so far. */
  get settled(): Settled {
    return this.#settled;
  }

  #note(plan: ViewPlan, key: string, event: DecodedEvent, isCounted: boolean): void {
    const { eventId, messageId, deliveredTimeMs, eventTimeMs } = event;
    const isClosed = this.#recorded.late.has(lateName(plan.name, messageId, "window_closed"));
    const sliceMs = sliceOf(eventTimeMs, plan.slideMs);
    const noted = this.#candidates.get(plan) ?? [];
    this.#candidates.set(plan, noted);
    noted.push({ key, eventId, messageId, deliveredTimeMs, sliceMs, isClosed, isCounted });
  }

  #classOf(plan: ViewPlan, event: DecodedEvent): keyof SettledView {
    const assignment = assign(plan, event);
    if (assignment.outcome === "filtered") return "filtered";
    if (assignment.outcome === "candidate") {
      this.#note(plan, assignment.key, event, true);
      return "windows";
    }
    if (plan.latePolicy !== "side-output") return "dropped";
    return this.#recorded.late.has(lateName(plan.name, event.messageId, assignment.reason)) ? "late" : "lost";
  }
}

/** How many messages, and events in views, are recorded nowhere. 0: nothing was lost silently. */
export function lostOf({ lost, views }: Settled): number {
  return Object.values(views).reduce((sum, view) => sum + view.lost, lost);
}

/** The committed side of the conservation law: differences are what is recorded nowhere. */
export function settledBalances({
  messages,
  decoded,
  dead_letters: letters,
  views,
}: Settled): readonly Balance[] {
  return [
    balance(
      "messages",
      [messages, "archived"],
      [
        [decoded, "decoded"],
        [letters, "dead letters"],
      ],
    ),
    ...Object.entries(views).map(([view, { windows, late, dropped, filtered }]) =>
      balance(
        view,
        [decoded, "decoded"],
        [
          [windows, "to windows"],
          [late, "late"],
          [dropped, "late and dropped"],
          [filtered, "filtered"],
        ],
      ),
    ),
  ];
}

/** What a dead letter is called in {@link Recorded}. */
export function letterName(messageId: string, reason: string): string {
  return `${messageId} ${reason}`;
}

/** What a late event of a view is called in {@link Recorded}. */
export function lateName(view: string, messageId: string, reason: string): string {
  return `${view} ${messageId} ${reason}`;
}
