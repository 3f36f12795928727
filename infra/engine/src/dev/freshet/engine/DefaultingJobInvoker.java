package dev.freshet.engine;

import java.util.Locale;
import java.util.Map;
import org.apache.beam.model.pipeline.v1.RunnerApi;
import org.apache.beam.runners.flink.FlinkJobInvoker;
import org.apache.beam.runners.flink.FlinkJobServerDriver;
import org.apache.beam.runners.jobsubmission.JobInvocation;
import org.apache.beam.vendor.grpc.v1p60p1.com.google.protobuf.Struct;
import org.apache.beam.vendor.grpc.v1p60p1.com.google.protobuf.Value;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.util.concurrent.ListeningExecutorService;

/** Runs jobs on Flink, with default values for options that a job doesn't set itself. */
final class DefaultingJobInvoker extends FlinkJobInvoker {
  private final Map<String, String> defaults;

  /** {@code defaults}: option names in camelCase, as in {@code PipelineOptions}. */
  DefaultingJobInvoker(
      FlinkJobServerDriver.FlinkServerConfiguration configuration, Map<String, String> defaults) {
    super(configuration);
    this.defaults = defaults;
  }

  @Override
  protected JobInvocation invokeWithExecutor(
      RunnerApi.Pipeline pipeline,
      Struct options,
      String retrievalToken,
      ListeningExecutorService executor) {
    Struct.Builder merged = options.toBuilder();
    defaults.forEach(
        (name, value) -> {
          if (!options.containsFields(urn(name)) && !options.containsFields(name)) {
            merged.putFields(urn(name), Value.newBuilder().setStringValue(value).build());
          }
        });
    return super.invokeWithExecutor(pipeline, merged.build(), retrievalToken, executor);
  }

  /** {@code pubsubRootUrl} → {@code beam:option:pubsub_root_url:v1}. */
  private static String urn(String name) {
    String snakeCase = name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    return "beam:option:" + snakeCase + ":v1";
  }
}
