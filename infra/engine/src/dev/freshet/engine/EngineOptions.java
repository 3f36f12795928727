package dev.freshet.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The engine's command line: {@code --name value} pairs.
 *
 * <ul>
 *   <li>{@code --job-port}, {@code --expansion-port}: ports on loopback; 0 (the default) takes any
 *   <li>{@code --pubsub-root}: base URL of an emulator's REST endpoint; without it, Google's
 *   <li>{@code --work-dir}: where staged artifacts and temporary files go (default: the JVM's)
 *   <li>{@code --restore}: URI of a completed checkpoint ({@code file:///…/chk-7}) to start from
 *   <li>{@code --flink-master}: Flink to run on (default: the embedded {@code [local]})
 *   <li>{@code --keep true}: stay when stdin closes
 * </ul>
 */
record EngineOptions(Map<String, String> values) {
  static final String HOST = "127.0.0.1";

  private static final String NO_CREDENTIALS =
      "org.apache.beam.sdk.extensions.gcp.auth.NoopCredentialFactory";
  private static final Set<String> NAMES =
      Set.of(
          "job-port",
          "expansion-port",
          "pubsub-root",
          "work-dir",
          "restore",
          "flink-master",
          "keep");

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException on an unknown name or one without a value
   */
  static EngineOptions parse(String[] args) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      String name = args[i].startsWith("--") ? args[i].substring(2) : args[i];
      if (!NAMES.contains(name)) {
        throw new IllegalArgumentException("unknown option " + args[i]);
      }
      if (i + 1 == args.length) {
        throw new IllegalArgumentException("option " + args[i] + " needs a value");
      }
      values.put(name, args[i + 1]);
    }
    return new EngineOptions(Map.copyOf(values));
  }

  boolean keep() {
    return "true".equals(values.get("keep"));
  }

  int expansionPort() {
    return Integer.parseInt(values.getOrDefault("expansion-port", "0"));
  }

  /** Arguments of Beam's job server. */
  String[] jobServerArgs() {
    List<String> args = new ArrayList<>();
    args.add("--job-host=" + HOST);
    args.add("--job-port=" + values.getOrDefault("job-port", "0"));
    args.add("--artifact-port=0");
    args.add("--expansion-port=-1"); // ours has other options
    args.add("--flink-master=" + values.getOrDefault("flink-master", "[local]"));
    args.add("--clean-artifacts-per-job");
    if (values.containsKey("work-dir")) {
      args.add("--artifacts-dir=" + values.get("work-dir") + "/artifacts");
    }
    args.add("--flink-conf-dir=" + writeFlinkConfiguration());
    return args.toArray(String[]::new);
  }

  /** Arguments of Beam's expansion service. */
  String[] expansionServiceArgs() {
    List<String> args = new ArrayList<>();
    args.add("--defaultEnvironmentType=EMBEDDED");
    // Nothing to stage: every class that an expansion names is on the engine's own class path.
    args.add("--filesToStage=/nonexistent");
    // Runs unbounded sources inside Flink. The splittable wrapper that is the default answers in
    // bursts of up to 11 s, with checkpoints that grow.
    args.add("--experiments=use_deprecated_read");
    pubsubOptions().forEach((name, value) -> args.add("--" + name + "=" + value));
    return args.toArray(String[]::new);
  }

  /** Options that every job gets unless it sets them itself. */
  Map<String, String> jobDefaults() {
    Map<String, String> defaults = new HashMap<>(pubsubOptions());
    // Beam's default is false. Then outputs of a bundle that a checkpoint cuts wait in Flink while
    // their messages are acknowledged, and a kill before the next element loses them.
    defaults.put("finishBundleBeforeCheckpointing", "true");
    return defaults;
  }

  /** Readers see the job's options, not the expansion service's, so both get these. */
  private Map<String, String> pubsubOptions() {
    return values.containsKey("pubsub-root")
        ? Map.of(
            "pubsubRootUrl", values.get("pubsub-root"), "credentialFactoryClass", NO_CREDENTIALS)
        : Map.of();
  }

  /**
   * Writes Flink's configuration file, and returns its folder. Its servers would listen on every
   * network interface, and its buffers would hold elements and watermarks back. And Beam's own {@code savepointPath} is ignored on an embedded cluster,
   * where Flink's setting is heeded.
   */
  private Path writeFlinkConfiguration() {
    List<String> lines = new ArrayList<>();
    for (String server :
        List.of("jobmanager.bind-host", "taskmanager.bind-host", "rest.bind-address")) {
      lines.add(server + ": " + HOST);
    }
    // By default what goes from one task to the next waits for 100 ms at each step.
    lines.add("execution.buffer-timeout.interval: 10 ms");
    if (values.containsKey("restore")) {
      lines.add("execution.savepoint.path: " + values.get("restore"));
    }
    try {
      Path folder = Files.createTempDirectory("flink-conf");
      Files.write(folder.resolve("flink-conf.yaml"), lines);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
