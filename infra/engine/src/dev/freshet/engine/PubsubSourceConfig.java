package dev.freshet.engine;

import java.io.Serializable;

/**
 * Configuration of {@link PubsubSource}, as the expansion request carries it. Beam maps a field
 * {@code margin_ms} of the request to {@link #setMarginMs}. Wrong values fail when the graph is
 * built.
 */
public final class PubsubSourceConfig implements Serializable {
  private static final long serialVersionUID = 1;

  private String subscription;
  private int readers = 0;
  private long marginMs = 2000;
  private int maxInFlight = 20_000;
  private boolean dedup = true;
  private boolean holdAtStart = false;

  /** {@code projects/<project>/subscriptions/<name>}. */
  public void setSubscription(String value) {
    subscription = value;
  }

  /** Number of readers; 0 (the default) means the job's parallelism. */
  public void setReaders(Long value) {
    readers = Math.toIntExact(require("readers", value, 0));
  }

  /**
   * How far the watermark stays behind what is known, in milliseconds (default 2000): the disorder
   * of delivery that makes no late data.
   */
  public void setMarginMs(Long value) {
    marginMs = require("margin_ms", value, 0);
  }

  /**
   * Most messages that one reader holds unacknowledged (default 20,000). Acknowledgements go out
   * when a checkpoint completes, so a reader's throughput is at most this per checkpoint interval.
   */
  public void setMaxInFlight(Long value) {
    maxInFlight = Math.toIntExact(require("max_in_flight", value, 1));
  }

  /**
   * Whether the runner drops redeliveries of one message id (default true). It remembers ids for 10
   * minutes, about 110 bytes each, so a job needs a file state backend.
   */
  public void setDedup(Boolean value) {
    dedup = value;
  }

  /**
   * Whether the watermark stands still for the first ack deadline (default false): needed where a
   * job starts without a checkpoint on a subscription that a killed reader may still hold messages
   * of; they would come after the watermark.
   */
  public void setHoldAtStart(Boolean value) {
    holdAtStart = value;
  }

  String subscription() {
    return subscription;
  }

  int readers() {
    return readers;
  }

  long marginMs() {
    return marginMs;
  }

  int maxInFlight() {
    return maxInFlight;
  }

  boolean dedup() {
    return dedup;
  }

  boolean holdAtStart() {
    return holdAtStart;
  }

  private static long require(String name, Long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", not " + value);
    }
    return value;
  }
}
