package dev.freshet.engine;

import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient.IncomingMessage;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient.SubscriptionPath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader's talk with Pub/Sub, on a thread of its own: acknowledges what checkpoints cover,
 * extends deadlines, pulls while there is room.
 */
final class PubsubPump implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(PubsubPump.class);
  private static final int BATCH = 1000; // most messages or ack ids in one call

  private static final long LEAST_PAUSE_MS = 10;
  private static final long MOST_IDLE_PAUSE_MS = 100;
  private static final long MOST_FAILURE_PAUSE_MS = 5000;

  private final PubsubClient client;
  private final SubscriptionPath subscription;
  private final int deadlineSeconds;
  private final Inbox inbox;
  private final LongSupplier clock;
  private boolean failing;
  private long pauseMs;
  private volatile boolean open = true;

  PubsubPump(
      PubsubClient client,
      SubscriptionPath subscription,
      int deadlineSeconds,
      Inbox inbox,
      LongSupplier clock) {
    this.client = client;
    this.subscription = subscription;
    this.deadlineSeconds = deadlineSeconds;
    this.inbox = inbox;
    this.clock = clock;
  }

  /** Asks {@link #run} to finish after the round it is in. */
  void stop() {
    open = false;
  }

  @Override
  public void run() {
    try {
      while (open) {
        long pause = round();
        if (pause > 0) {
          Thread.sleep(pause);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    leave();
  }

  /** One round of calls. Returns how long to pause before the next, in milliseconds. */
  long round() {
    try {
      acknowledge();
      extend();
      int room = inbox.room(BATCH);
      int received = room > 0 ? pull(room) : 0;
      boolean fullAnswer = received > 0 && received == room;
      pauseMs = fullAnswer ? 0 : received > 0 ? LEAST_PAUSE_MS : longerPause(MOST_IDLE_PAUSE_MS);
      failing = false;
    } catch (IOException | RuntimeException e) {
      if (!failing) {
        LOG.warn("{}: {}; trying on", subscription, e.toString());
      }
      failing = true;
      pauseMs = longerPause(MOST_FAILURE_PAUSE_MS);
    }
    return pauseMs;
  }

  private long longerPause(long most) {
    return Math.min(most, Math.max(LEAST_PAUSE_MS, pauseMs * 2));
  }

  private int pull(int most) throws IOException {
    long asked = clock.getAsLong();
    List<IncomingMessage> answer;
    try {
      answer = client.pull(asked, subscription, most, true);
    } catch (IOException | RuntimeException e) {
      // The answer may have been lost on its way, and its messages come a deadline later.
      inbox.hold(clock.getAsLong());
      throw e;
    }
    inbox.receive(answer, asked);
    return answer.size();
  }

  private void acknowledge() throws IOException {
    for (List<String> ackIds = inbox.toAcknowledge(BATCH);
        !ackIds.isEmpty();
        ackIds = inbox.toAcknowledge(BATCH)) {
      client.acknowledge(subscription, ackIds);
      inbox.acknowledged(ackIds);
    }
  }

  private void extend() throws IOException {
    for (long now = clock.getAsLong(); ; now = clock.getAsLong()) {
      List<String> ackIds = inbox.toExtend(now, BATCH);
      if (ackIds.isEmpty()) {
        return;
      }
      client.modifyAckDeadline(subscription, ackIds, deadlineSeconds);
      inbox.extended(ackIds, now);
    }
  }

  /** Acknowledges what may be, and hands the rest back, so that it can be delivered at once. */
  void leave() {
    try (client) {
      acknowledge();
      for (List<String> ackIds = inbox.toReturn(BATCH);
          !ackIds.isEmpty();
          ackIds = inbox.toReturn(BATCH)) {
        client.modifyAckDeadline(subscription, ackIds, 0);
        inbox.returned(ackIds);
      }
    } catch (IOException | RuntimeException e) {
      LOG.info("{}: {}; its messages come again after their deadline", subscription, e.toString());
    }
  }
}
