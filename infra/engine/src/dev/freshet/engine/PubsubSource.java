package dev.freshet.engine;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubJsonClient;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubOptions;
import org.apache.beam.sdk.options.PipelineOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Pub/Sub as an unbounded source. An element is the bytes of a whole {@code
 * google.pubsub.v1.PubsubMessage}, with message id and publish time; its timestamp is the publish
 * time, and so the watermark follows publish time (see {@link PublishTimeWatermark}).
 *
 * <p>Beam's own {@code PubsubIO} doesn't serve outside Dataflow: it keeps publish times to itself,
 * its watermark stays at minus infinity on a quiet subscription and lags 60 s on a busy one, and it
 * throws where a timestamp attribute is bad.
 *
 * <p>A message is acknowledged when a checkpoint that covers it completes; until then its deadline
 * is extended. What a dead reader held comes again.
 */
public final class PubsubSource extends UnboundedSource<byte[], PubsubCheckpoint> {
  private static final long serialVersionUID = 1;

  private final PubsubSourceConfig config;

  PubsubSource(PubsubSourceConfig config) {
    this.config = config;
  }

  PubsubSourceConfig config() {
    return config;
  }

  @Override
  public List<PubsubSource> split(int desiredSplits, PipelineOptions options) {
    return Collections.nCopies(config.readers() > 0 ? config.readers() : desiredSplits, this);
  }

  @Override
  public PubsubReader createReader(PipelineOptions options, @Nullable PubsubCheckpoint restored)
      throws IOException {
    PubsubClient client =
        PubsubJsonClient.FACTORY.newClient(null, null, options.as(PubsubOptions.class));
    return new PubsubReader(this, client, restored, System::currentTimeMillis);
  }

  @Override
  public Coder<byte[]> getOutputCoder() {
    return ByteArrayCoder.of();
  }

  @Override
  public Coder<PubsubCheckpoint> getCheckpointMarkCoder() {
    return SerializableCoder.of(PubsubCheckpoint.class);
  }

  @Override
  public boolean requiresDeduping() {
    return config.dedup();
  }
}
