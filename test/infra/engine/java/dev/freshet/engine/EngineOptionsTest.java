package dev.freshet.engine;

import static dev.freshet.engine.TestRunner.assertEquals;
import static dev.freshet.engine.TestRunner.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The command line of the engine, and what becomes of it. */
final class EngineOptionsTest {
  private static EngineOptions parse(String... args) {
    return EngineOptions.parse(args);
  }

  private static String refusal(String... args) {
    try {
      parse(args);
      return "accepted";
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  void testUnknownOptionsAreRefused() {
    assertEquals("unknown option --nope", refusal("--nope", "1"));
    assertEquals("option --job-port needs a value", refusal("--job-port"));
  }

  void testEveryJobFinishesBundlesBeforeCheckpoints() {
    assertEquals(Map.of("finishBundleBeforeCheckpointing", "true"), parse().jobDefaults());
  }

  void testAnEmulatorIsToldToJobsAndToTheExpansion() {
    EngineOptions options = parse("--pubsub-root", "http://127.0.0.1:1");
    assertEquals("http://127.0.0.1:1", options.jobDefaults().get("pubsubRootUrl"));
    List<String> args = Arrays.asList(options.expansionServiceArgs());
    assertTrue("root", args.contains("--pubsubRootUrl=http://127.0.0.1:1"));
  }

  void testFlinkListensOnLoopback() throws Exception {
    assertTrue("binds", flinkConfiguration().contains("taskmanager.bind-host: 127.0.0.1"));
    assertTrue("no restore", !flinkConfiguration().contains("savepoint"));
  }

  void testNothingWaitsLongInABuffer() throws Exception {
    assertTrue("flushes", flinkConfiguration().contains("execution.buffer-timeout.interval: 10 ms"));
  }

  void testARestoreIsWrittenToFlinksConfiguration() throws Exception {
    String configuration = flinkConfiguration("--restore", "file:///checkpoints/job/chk-7");
    assertTrue(
        "names the checkpoint",
        configuration.contains("execution.savepoint.path: file:///checkpoints/job/chk-7"));
  }

  private static String flinkConfiguration(String... args) throws Exception {
    String option = "--flink-conf-dir=";
    String folder =
        Arrays.stream(parse(args).jobServerArgs())
            .filter(arg -> arg.startsWith(option))
            .findFirst()
            .orElseThrow();
    return Files.readString(Path.of(folder.substring(option.length()), "flink-conf.yaml"));
  }
}
