package dev.freshet.engine;

import com.google.protobuf.ByteString;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Schema.Type;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient;
import org.apache.beam.sdk.schemas.Schema;

/** Pub/Sub with one subscription, as a list of messages; it remembers what it is asked for. */
final class FakePubsub extends PubsubClient {
  static final int DEADLINE_SECONDS = 10;

  final List<String> acknowledged = new ArrayList<>();
  final List<String> extended = new ArrayList<>();
  final List<String> returned = new ArrayList<>();
  boolean failing;
  boolean closed;
  int mostOutstanding;

  private final ArrayDeque<IncomingMessage> backlog = new ArrayDeque<>();
  private final Set<String> outstanding = new HashSet<>();
  private int offered;

  /**
   * Adds a message, and returns its number; its ids are {@code m<number>} and {@code
   * ack-m<number>}.
   */
  int offer(long publishMs) {
    String id = "m" + offered;
    PubsubMessage message =
        PubsubMessage.newBuilder()
            .setData(ByteString.copyFromUtf8("data of " + id))
            .putAttributes("event_id", "e" + offered)
            .setOrderingKey("key")
            .build();
    backlog.add(IncomingMessage.of(message, publishMs, 0, "ack-" + id, id));
    return offered++;
  }

  @Override
  public List<IncomingMessage> pull(
      long asked, SubscriptionPath subscription, int most, boolean immediately) throws IOException {
    failIfFailing();
    List<IncomingMessage> answer = new ArrayList<>();
    while (answer.size() < most && !backlog.isEmpty()) {
      answer.add(backlog.remove());
    }
    answer.forEach(message -> outstanding.add(message.ackId()));
    mostOutstanding = Math.max(mostOutstanding, outstanding.size());
    return answer;
  }

  @Override
  public void acknowledge(SubscriptionPath subscription, List<String> ackIds) throws IOException {
    failIfFailing();
    acknowledged.addAll(ackIds);
    outstanding.removeAll(ackIds);
  }

  @Override
  public void modifyAckDeadline(SubscriptionPath subscription, List<String> ackIds, int seconds)
      throws IOException {
    failIfFailing();
    (seconds == 0 ? returned : extended).addAll(ackIds);
  }

  @Override
  public int ackDeadlineSeconds(SubscriptionPath subscription) {
    return DEADLINE_SECONDS;
  }

  @Override
  public void close() {
    closed = true;
  }

  private void failIfFailing() throws IOException {
    if (failing) {
      throw new IOException("no answer");
    }
  }

  // ---- what a reader never asks for

  @Override
  public boolean isEOF() {
    return false;
  }

  @Override
  public int publish(TopicPath topic, List<OutgoingMessage> messages) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void createTopic(TopicPath topic) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void createTopic(TopicPath topic, SchemaPath schema) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void deleteTopic(TopicPath topic) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<TopicPath> listTopics(ProjectPath project) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isTopicExists(TopicPath topic) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void createSubscription(TopicPath topic, SubscriptionPath subscription, int seconds) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void deleteSubscription(SubscriptionPath subscription) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<SubscriptionPath> listSubscriptions(ProjectPath project, TopicPath topic) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void createSchema(SchemaPath path, String schema, Type type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void deleteSchema(SchemaPath path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public SchemaPath getSchemaPath(TopicPath topic) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Schema getSchema(SchemaPath schema) {
    throw new UnsupportedOperationException();
  }
}
