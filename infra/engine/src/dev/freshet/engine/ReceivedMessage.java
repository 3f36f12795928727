package dev.freshet.engine;

import com.google.protobuf.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient.IncomingMessage;

/**
 * A message as it waits in a reader.
 *
 * @param publishMs publish time; Beam's client gives whole milliseconds
 * @param arrival its number among the messages of this reader
 * @param ackId names this delivery, not the message
 * @param messageId Pub/Sub's id of the message, the same at each redelivery
 * @param bytes a {@code google.pubsub.v1.PubsubMessage}
 */
record ReceivedMessage(long publishMs, long arrival, String ackId, String messageId, byte[] bytes) {
  /** Oldest publish time first; among equals, first come. */
  static final Comparator<ReceivedMessage> ORDER =
      Comparator.comparingLong(ReceivedMessage::publishMs)
          .thenComparingLong(ReceivedMessage::arrival);

  /** Beam's client keeps id and publish time beside the message: puts them back into it. */
  static ReceivedMessage of(IncomingMessage incoming, long arrival) {
    byte[] bytes =
        incoming.message().toBuilder()
            .setMessageId(incoming.recordId())
            .setPublishTime(timestamp(incoming.timestampMsSinceEpoch()))
            .build()
            .toByteArray();
    return new ReceivedMessage(
        incoming.timestampMsSinceEpoch(), arrival, incoming.ackId(), incoming.recordId(), bytes);
  }

  private static Timestamp timestamp(long ms) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(ms, 1000L))
        .setNanos((int) Math.floorMod(ms, 1000L) * 1_000_000)
        .build();
  }

  byte[] idBytes() {
    return messageId.getBytes(StandardCharsets.UTF_8);
  }
}
