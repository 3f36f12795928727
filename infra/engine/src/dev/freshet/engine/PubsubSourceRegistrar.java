package dev.freshet.engine;

import java.util.Map;
import org.apache.beam.sdk.expansion.ExternalTransformRegistrar;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.io.gcp.pubsub.PubsubClient;
import org.apache.beam.sdk.transforms.ExternalTransformBuilder;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;

/**
 * Makes {@link PubsubSource} known to the expansion service as {@code freshet:pubsub_source:v1}.
 */
public final class PubsubSourceRegistrar implements ExternalTransformRegistrar {
  /** URN that a pipeline names in its expansion request. */
  public static final String URN = "freshet:pubsub_source:v1";

  @Override
  public Map<String, ExternalTransformBuilder<?, ?, ?>> knownBuilderInstances() {
    return Map.of(URN, new Builder());
  }

  /** Builds the read transform out of the request's configuration. */
  public static final class Builder
      implements ExternalTransformBuilder<PubsubSourceConfig, PBegin, PCollection<byte[]>> {
    @Override
    public PTransform<PBegin, PCollection<byte[]>> buildExternal(PubsubSourceConfig config) {
      if (config.subscription() == null) {
        throw new IllegalArgumentException(URN + " needs a subscription");
      }
      PubsubClient.subscriptionPathFromPath(config.subscription()); // throws on a malformed path
      return Read.from(new PubsubSource(config));
    }
  }
}
