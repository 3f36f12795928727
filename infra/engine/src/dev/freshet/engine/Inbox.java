package dev.freshet.engine;

import java.util.ArrayDeque;
import java.util.List;
import java.util.PriorityQueue;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient.IncomingMessage;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a reader's two threads share: Flink's thread takes messages and marks checkpoints, the
 * {@link PubsubPump}'s thread brings messages and sends acknowledgements. Every method is atomic
 * and none waits for the network.
 *
 * <p>A message goes: received → waiting → emitted → committed (a checkpoint covers it) →
 * acknowledged. Its lease lasts from the first to the last.
 */
final class Inbox {
  private final long deadlineMs;
  private final long marginMs;
  private final int maxInFlight;
  private final Leases leases;
  private final PublishTimeWatermark watermark;

  private final PriorityQueue<ReceivedMessage> waiting = new PriorityQueue<>(ReceivedMessage.ORDER);
  private final ArrayDeque<String> emitted = new ArrayDeque<>();
  private final ArrayDeque<String> committed = new ArrayDeque<>();
  private @Nullable ReceivedMessage current;
  private long arrivals;
  private long emittedCount;
  private long committedCount;

  /**
   * @param deadlineMs the subscription's ack deadline
   * @param startMs the watermark to start at
   */
  Inbox(PubsubSourceConfig config, long deadlineMs, long startMs) {
    this.deadlineMs = deadlineMs;
    this.marginMs = config.marginMs();
    this.maxInFlight = config.maxInFlight();
    this.leases = new Leases(deadlineMs);
    this.watermark = new PublishTimeWatermark(marginMs, startMs);
  }

  // ---- Flink's side

  /** The oldest waiting message, which becomes the current one; null if none waits. */
  synchronized @Nullable ReceivedMessage take() {
    current = waiting.poll();
    if (current != null) {
      watermark.emitted(current.publishMs());
      emitted.add(current.ackId());
      emittedCount++;
    }
    return current;
  }

  synchronized long watermarkMs(long nowMs) {
    return watermark.advance(nowMs, waiting.peek(), current);
  }

  synchronized PubsubCheckpoint checkpoint() {
    return new PubsubCheckpoint(watermark.current(), this, emittedCount);
  }

  /** A checkpoint with the first {@code count} emitted messages is complete. */
  synchronized void commit(long count) {
    for (; committedCount < count; committedCount++) {
      committed.add(emitted.remove());
    }
  }

  // ---- Pub/Sub's side

  /**
   * The watermark stands still for one deadline (and the margin): that long, messages that a dead
   * reader or a lost answer holds may come again.
   */
  synchronized void hold(long nowMs) {
    watermark.holdUntil(nowMs + deadlineMs + marginMs);
  }

  /** How many messages may be asked for, at most {@code limit}. */
  synchronized int room(int limit) {
    int room = Math.min(limit, maxInFlight - leases.size());
    if (room <= 0) {
      watermark.notQuiet();
    }
    return Math.max(0, room);
  }

  /** Pub/Sub's answer to a question of {@code askedMs}. */
  synchronized void receive(List<IncomingMessage> answer, long askedMs) {
    if (answer.isEmpty()) {
      watermark.quiet(askedMs);
    } else {
      watermark.notQuiet();
    }
    for (IncomingMessage incoming : answer) {
      ReceivedMessage message = ReceivedMessage.of(incoming, arrivals++);
      waiting.add(message);
      leases.hold(message.ackId(), askedMs);
    }
  }

  /** Deliveries to acknowledge now; they stay until {@link #acknowledged}. */
  synchronized List<String> toAcknowledge(int limit) {
    return committed.stream().limit(limit).toList();
  }

  synchronized void acknowledged(List<String> ackIds) {
    for (int i = 0; i < ackIds.size(); i++) {
      committed.remove();
    }
    leases.release(ackIds);
  }

  synchronized List<String> toExtend(long nowMs, int limit) {
    return leases.due(nowMs, limit);
  }

  synchronized void extended(List<String> ackIds, long atMs) {
    leases.extended(ackIds, atMs);
  }

  /** Deliveries to hand back when the reader closes. */
  synchronized List<String> toReturn(int limit) {
    return leases.first(limit);
  }

  synchronized void returned(List<String> ackIds) {
    leases.release(ackIds);
  }
}
