package dev.freshet.engine;

import java.io.IOException;
import java.util.NoSuchElementException;
import java.util.function.LongSupplier;
import org.apache.beam.sdk.io.UnboundedSource.UnboundedReader;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient.SubscriptionPath;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** Beam's view of an {@link Inbox}; none of its methods but {@link #start} waits for Pub/Sub. */
final class PubsubReader extends UnboundedReader<byte[]> {
  private static final long CLOSE_PATIENCE_MS = 3000;

  private final PubsubSource source;
  private final PubsubClient client;
  private final @Nullable PubsubCheckpoint restored;
  private final LongSupplier clock;
  private @Nullable Inbox inbox;
  private @Nullable PubsubPump pump;
  private @Nullable Thread pumpThread;
  private @Nullable ReceivedMessage current;

  /** {@code clock}: milliseconds since the epoch. */
  PubsubReader(
      PubsubSource source,
      PubsubClient client,
      @Nullable PubsubCheckpoint restored,
      LongSupplier clock) {
    this.source = source;
    this.client = client;
    this.restored = restored;
    this.clock = clock;
  }

  /**
   * @throws IOException where there is no such subscription
   */
  @Override
  public boolean start() throws IOException {
    pumpThread = new Thread(open(), "pubsub-pump");
    pumpThread.setDaemon(true);
    pumpThread.start();
    return advance();
  }

  /** All of {@link #start} but the thread. */
  PubsubPump open() throws IOException {
    SubscriptionPath subscription =
        PubsubClient.subscriptionPathFromPath(source.config().subscription());
    int deadlineSeconds = client.ackDeadlineSeconds(subscription);
    inbox = new Inbox(source.config(), deadlineSeconds * 1000L, startMs());
    if (restored != null || source.config().holdAtStart()) {
      inbox.hold(clock.getAsLong());
    }
    pump = new PubsubPump(client, subscription, deadlineSeconds, inbox, clock);
    return pump;
  }

  @Override
  public boolean advance() {
    current = inbox.take();
    return current != null;
  }

  @Override
  public byte[] getCurrent() {
    return element().bytes();
  }

  @Override
  public byte[] getCurrentRecordId() {
    return element().idBytes();
  }

  @Override
  public Instant getCurrentTimestamp() {
    return new Instant(element().publishMs());
  }

  @Override
  public Instant getWatermark() {
    return new Instant(inbox == null ? startMs() : inbox.watermarkMs(clock.getAsLong()));
  }

  @Override
  public PubsubCheckpoint getCheckpointMark() {
    return inbox == null ? new PubsubCheckpoint(startMs(), null, 0) : inbox.checkpoint();
  }

  @Override
  public PubsubSource getCurrentSource() {
    return source;
  }

  @Override
  public void close() {
    if (pump == null || pumpThread == null) {
      return;
    }
    pump.stop();
    try {
      pumpThread.join(CLOSE_PATIENCE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long startMs() {
    return restored != null
        ? restored.watermarkMs()
        : BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis();
  }

  private ReceivedMessage element() {
    if (current == null) {
      throw new NoSuchElementException();
    }
    return current;
  }
}
