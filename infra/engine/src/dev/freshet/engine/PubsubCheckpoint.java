package dev.freshet.engine;

import java.io.Serializable;
import org.apache.beam.sdk.io.UnboundedSource;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a checkpoint keeps of a reader: its watermark. Unacknowledged messages are Pub/Sub's to
 * keep; the ones emitted before the checkpoint are acknowledged when it completes.
 */
final class PubsubCheckpoint implements UnboundedSource.CheckpointMark, Serializable {
  private static final long serialVersionUID = 1;

  private final long watermarkMs;
  private final transient @Nullable Inbox inbox; // absent in a restored checkpoint
  private final transient long emitted;

  /** {@code emitted}: how many messages {@code inbox} had handed out when this was taken. */
  PubsubCheckpoint(long watermarkMs, @Nullable Inbox inbox, long emitted) {
    this.watermarkMs = watermarkMs;
    this.inbox = inbox;
    this.emitted = emitted;
  }

  long watermarkMs() {
    return watermarkMs;
  }

  @Override
  public void finalizeCheckpoint() {
    if (inbox != null) {
      inbox.commit(emitted);
    }
  }
}
