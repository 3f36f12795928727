import { messageOf } from "../../core/error-message.ts";
import type { Committed } from "./committed.ts";

/** What the committed rows told when they were last read, and whether they could be read lately. */
export interface LastCommitted extends Committed {
  /** For a person. */
  readonly problems: readonly string[];
}

/**
 * Gives what is known at once.
 * @param watched whether to have it read anew behind the scenes, where it is old
 */
export type CommittedSource = (nowMs: number, watched: boolean) => LastCommitted;

/** How often the account is taken, ms: each time an archive is read. While there is none yet, more often. */
const EVERY_MS = { known: 30_000, unknown: 5_000 } as const;

/** Has the committed account taken rarely, once at a time and only for somebody, and keeps it between. */
export function committedSource(
  take: () => Promise<Committed>,
  onFailure: (message: string) => void,
): CommittedSource {
  let latest: LastCommitted = { flows: [], eventsPerSecond: undefined, freshness: {}, problems: [] };
  let dueMs = -Infinity;
  const refresh = async () => {
    try {
      latest = { ...(await take()), problems: [] };
    } catch (error) {
      onFailure(messageOf(error));
      latest = { ...latest, problems: ["the offline store can’t be read: committed counts are old"] };
    }
  };
  return (nowMs, watched) => {
    if (watched && nowMs >= dueMs) {
      dueMs = Infinity;
      void refresh().then(() => {
        dueMs = nowMs + (latest.flows.length > 0 ? EVERY_MS.known : EVERY_MS.unknown);
      });
    }
    return latest;
  };
}
