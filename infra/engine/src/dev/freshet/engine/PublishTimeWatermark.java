package dev.freshet.engine;

import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The watermark of one reader, by publish time: never beyond the oldest publish time that may still
 * be handed on.
 *
 * <p>It is {@code margin} behind one of: the oldest message that waits in the reader; if none
 * waits, the newest one emitted; if Pub/Sub has answered "nothing" for {@code margin} without a
 * break, the last such question. It never goes back, and it stands still while held: for one ack
 * deadline after a restore and after a failed pull, messages that nobody can see may come again.
 *
 * <p>Pub/Sub promises no order of delivery, and an empty answer doesn't prove an empty backlog, so
 * {@code margin} is the whole protection: disorder beyond it becomes late data.
 *
 * <p>All times are milliseconds since the epoch. Not thread-safe.
 */
final class PublishTimeWatermark {
  private static final long NEVER = Long.MAX_VALUE;

  private final long marginMs;
  private long watermarkMs;
  private long newestEmittedMs = Long.MIN_VALUE;
  private long quietSinceMs = NEVER;
  private long lastQuietMs = Long.MIN_VALUE;
  private long heldUntilMs = Long.MIN_VALUE;

  PublishTimeWatermark(long marginMs, long startMs) {
    this.marginMs = marginMs;
    this.watermarkMs = startMs;
  }

  /** Stands still until {@code untilMs}. */
  void holdUntil(long untilMs) {
    heldUntilMs = Math.max(heldUntilMs, untilMs);
  }

  /** Pub/Sub was asked at {@code askedMs} and had nothing. */
  void quiet(long askedMs) {
    boolean unbroken = quietSinceMs != NEVER && askedMs - lastQuietMs <= marginMs;
    if (!unbroken) {
      quietSinceMs = askedMs;
    }
    lastQuietMs = askedMs;
  }

  /** Pub/Sub had messages, or wasn't asked: what it holds is unknown. */
  void notQuiet() {
    quietSinceMs = NEVER;
  }

  void emitted(long publishMs) {
    newestEmittedMs = Math.max(newestEmittedMs, publishMs);
  }

  /**
   * Moves on as far as is known at {@code nowMs}, and returns the watermark.
   *
   * @param oldestWaiting the oldest message received and not yet emitted
   * @param current the message being emitted, which the watermark may not pass
   */
  long advance(
      long nowMs, @Nullable ReceivedMessage oldestWaiting, @Nullable ReceivedMessage current) {
    if (nowMs < heldUntilMs) {
      return watermarkMs;
    }
    long known = oldestWaiting != null ? oldestWaiting.publishMs() : newestKnown();
    if (current != null) {
      known = Math.min(known, current.publishMs());
    }
    if (known != Long.MIN_VALUE) {
      watermarkMs = Math.max(watermarkMs, known - marginMs);
    }
    return watermarkMs;
  }

  /** The watermark where it last stood. */
  long current() {
    return watermarkMs;
  }

  private long newestKnown() {
    boolean longQuiet = quietSinceMs != NEVER && lastQuietMs - marginMs >= quietSinceMs;
    return longQuiet ? lastQuietMs : newestEmittedMs;
  }
}
