package dev.freshet.engine;

import static dev.freshet.engine.TestRunner.assertEquals;
import static dev.freshet.engine.TestRunner.assertTrue;

import com.google.pubsub.v1.PubsubMessage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;

/**
 * The reader and its pump, with Pub/Sub and the clock in the test's hand: no thread, no waiting. It
 * doesn't prove that real Pub/Sub delivers as the fake does.
 */
final class PubsubReaderTest {
  private static final long MARGIN = 2000;
  private static final long DEADLINE = FakePubsub.DEADLINE_SECONDS * 1000L;
  private static final long BEGINNING = BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis();

  private final FakePubsub pubsub = new FakePubsub();
  private final PubsubSourceConfig config = new PubsubSourceConfig();
  private long now = 1_000_000;
  private PubsubReader reader;
  private PubsubPump pump;

  PubsubReaderTest() {
    config.setSubscription("projects/local-dev/subscriptions/events");
    config.setMarginMs(MARGIN);
  }

  private void open(PubsubCheckpoint restored) throws Exception {
    reader = new PubsubReader(new PubsubSource(config), pubsub, restored, () -> now);
    pump = reader.open();
  }

  private long watermark() {
    return reader.getWatermark().getMillis();
  }

  /** Takes all that wait, and returns their publish times. */
  private List<Long> drain() {
    List<Long> times = new ArrayList<>();
    while (reader.advance()) {
      times.add(reader.getCurrentTimestamp().getMillis());
    }
    return times;
  }

  private void roundsUntil(long untilMs) {
    for (; now < untilMs; now += 100) {
      pump.round();
    }
  }

  /**
   * The watermark is {@code standing} up to the last millisecond before {@code heldUntil}, which is
   * now.
   */
  private void assertStandsUntil(long heldUntil, long standing) {
    roundsUntil(heldUntil);
    now = heldUntil - 1;
    assertEquals(standing, watermark());
    now = heldUntil;
  }

  void testAnElementIsTheWholeMessage() throws Exception {
    open(null);
    pubsub.offer(1_234_567);
    pump.round();
    assertTrue("a message", reader.advance());

    PubsubMessage message = PubsubMessage.parseFrom(reader.getCurrent());
    assertEquals("m0", message.getMessageId());
    assertEquals(1234L, message.getPublishTime().getSeconds());
    assertEquals(567_000_000, message.getPublishTime().getNanos());
    assertEquals("data of m0", message.getData().toStringUtf8());
    assertEquals("e0", message.getAttributesOrThrow("event_id"));
    assertEquals("key", message.getOrderingKey());
    assertEquals(1_234_567L, reader.getCurrentTimestamp().getMillis());
    assertEquals("m0", new String(reader.getCurrentRecordId()));
  }

  void testMessagesLeaveInOrderOfPublishTime() throws Exception {
    open(null);
    for (long publish : new long[] {3000, 1000, 2000}) {
      pubsub.offer(publish);
    }
    pump.round();
    assertEquals(List.of(1000L, 2000L, 3000L), drain());
  }

  void testTheWatermarkIsBehindTheOldestMessageThatWaits() throws Exception {
    open(null);
    assertEquals(BEGINNING, watermark());
    pubsub.offer(10_000);
    pubsub.offer(20_000);
    pump.round();
    assertEquals(10_000 - MARGIN, watermark());
    reader.advance(); // 10,000 is being emitted: it holds the watermark still
    assertEquals(10_000 - MARGIN, watermark());
    reader.advance();
    assertEquals(20_000 - MARGIN, watermark());
  }

  void testDisorderWithinTheMarginMakesNothingLate() throws Exception {
    open(null);
    Random random = new Random(5);
    record Arrival(long publishMs, long atMs) {}
    List<Arrival> arrivals = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      arrivals.add(new Arrival(i * 10L, i * 10L + random.nextInt((int) MARGIN)));
    }
    arrivals.sort(Comparator.comparingLong(Arrival::atMs));
    arrivals.forEach(arrival -> pubsub.offer(arrival.publishMs()));

    int read = 0;
    long before = watermark();
    while (read < arrivals.size()) {
      pump.round();
      while (reader.advance()) {
        read++;
        long publish = reader.getCurrentTimestamp().getMillis();
        assertTrue(publish + " is behind the watermark " + before, publish >= before);
        assertTrue("the watermark goes back", watermark() >= before);
        before = watermark();
      }
    }
  }

  void testSilenceMovesTheWatermarkOnceItLastedAMargin() throws Exception {
    open(null);
    long begin = now;
    roundsUntil(begin + MARGIN);
    assertEquals(BEGINNING, watermark());
    roundsUntil(begin + MARGIN + 200);
    assertEquals(begin + MARGIN + 100 - MARGIN, watermark());

    // a message ends the silence: what Pub/Sub holds is unknown again
    pubsub.offer(now);
    pump.round();
    long standing = watermark();
    drain();
    roundsUntil(now + MARGIN);
    assertTrue("stands at the newest emitted", watermark() - standing <= MARGIN);
  }

  void testNothingIsAcknowledgedBeforeACheckpoint() throws Exception {
    open(null);
    pubsub.offer(now);
    pump.round();
    drain();
    roundsUntil(now + 3 * DEADLINE);
    assertEquals(List.of(), pubsub.acknowledged);
  }

  void testDeadlinesAreExtendedAtHalfTime() throws Exception {
    open(null);
    long begin = now;
    pubsub.offer(now);
    pump.round();
    roundsUntil(begin + DEADLINE / 2);
    assertEquals(List.of(), pubsub.extended);
    now = begin + DEADLINE / 2;
    pump.round();
    assertEquals(List.of("ack-m0"), pubsub.extended);
    roundsUntil(begin + 2 * DEADLINE);
    assertEquals(3, pubsub.extended.size());
  }

  void testACheckpointAcknowledgesWhatWasEmittedBeforeIt() throws Exception {
    open(null);
    pubsub.offer(1000);
    pubsub.offer(2000);
    pubsub.offer(3000);
    pump.round();
    reader.advance();
    PubsubCheckpoint neverCompleted = reader.getCheckpointMark();
    reader.advance();
    PubsubCheckpoint completed = reader.getCheckpointMark();
    reader.advance();

    completed.finalizeCheckpoint();
    pump.round();
    assertEquals(List.of("ack-m0", "ack-m1"), pubsub.acknowledged);
    neverCompleted.finalizeCheckpoint();
    pump.round();
    assertEquals(2, pubsub.acknowledged.size());
  }

  void testAFailedAcknowledgementIsRepeated() throws Exception {
    open(null);
    pubsub.offer(1000);
    pump.round();
    drain();
    reader.getCheckpointMark().finalizeCheckpoint();
    pubsub.failing = true;
    pump.round();
    assertEquals(List.of(), pubsub.acknowledged);
    pubsub.failing = false;
    pump.round();
    assertEquals(List.of("ack-m0"), pubsub.acknowledged);
  }

  void testNoMoreThanTheBoundIsInFlight() throws Exception {
    config.setMaxInFlight(1500L);
    open(null);
    for (int i = 0; i < 5000; i++) {
      pubsub.offer(i);
    }
    pump.round();
    pump.round();
    pump.round();
    assertEquals(1500, drain().size());
    long full = watermark();
    roundsUntil(now + 3 * MARGIN);
    assertEquals(full, watermark()); // not asking, it can't know
    assertEquals(1500, pubsub.mostOutstanding);

    reader.getCheckpointMark().finalizeCheckpoint();
    roundsUntil(now + 200);
    assertEquals(1500, drain().size());
    assertEquals(1500, pubsub.mostOutstanding);
  }

  void testAFailedPullHoldsTheWatermarkForADeadline() throws Exception {
    open(null);
    roundsUntil(now + 2 * MARGIN);
    long before = watermark();
    pubsub.failing = true;
    pump.round();
    pubsub.failing = false;
    long failedAt = now;
    assertStandsUntil(failedAt + DEADLINE + MARGIN, before);
    assertTrue("moves on afterwards", watermark() > before);
  }

  void testARestoredReaderWaitsForWhatADeadOneHeld() throws Exception {
    long watermark = now - 60_000;
    open(new PubsubCheckpoint(watermark, null, 0));
    long begin = now;
    roundsUntil(begin + DEADLINE);
    assertEquals(watermark, watermark());
    pubsub.offer(watermark + 10); // its deadline has passed: delivered again, and not late
    pump.round();
    assertEquals(List.of(watermark + 10), drain());
    assertEquals(watermark, watermark());
    roundsUntil(begin + DEADLINE + 3 * MARGIN);
    assertTrue("moves on afterwards", watermark() > watermark + 50_000);
  }

  void testAFreshReaderCanBeToldToWaitToo() throws Exception {
    config.setHoldAtStart(true);
    open(null);
    assertStandsUntil(now + DEADLINE + MARGIN, BEGINNING);
    assertTrue("moves on afterwards", watermark() > BEGINNING);
  }

  void testLeavingReturnsWhatIsNotCommitted() throws Exception {
    open(null);
    pubsub.offer(1000);
    pubsub.offer(2000);
    pubsub.offer(3000);
    pump.round();
    reader.advance();
    reader.getCheckpointMark().finalizeCheckpoint();
    reader.advance();
    pump.leave();
    assertEquals(List.of("ack-m0"), pubsub.acknowledged);
    assertEquals(List.of("ack-m1", "ack-m2"), pubsub.returned);
    assertTrue("the client is closed", pubsub.closed);
  }

  void testABacklogIsExtendedInFullCalls() throws Exception {
    open(null);
    for (int i = 0; i < 2500; i++) {
      pubsub.offer(now);
    }
    roundsUntil(now + DEADLINE / 2 + 1000);
    assertEquals(2500, new HashSet<>(pubsub.extended).size());
    assertEquals(2500, pubsub.extended.size());
  }

  void testOnItsOwnThreadItReadsAndLeaves() throws Exception {
    pubsub.offer(1000);
    reader = new PubsubReader(new PubsubSource(config), pubsub, null, () -> now);
    boolean found = reader.start();
    while (!found) {
      Thread.onSpinWait();
      found = reader.advance();
    }
    reader.close();
    assertEquals(List.of("ack-m0"), pubsub.returned);
    assertTrue("the client is closed", pubsub.closed);
  }
}
