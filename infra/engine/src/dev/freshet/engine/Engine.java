package dev.freshet.engine;

import java.io.PrintStream;
import java.util.concurrent.CompletableFuture;
import org.apache.beam.runners.flink.FlinkJobServerDriver;
import org.apache.beam.sdk.expansion.service.ExpansionServer;
import org.apache.beam.sdk.expansion.service.ExpansionService;

/**
 * The engine: one JVM with Beam's portable Flink job server (an embedded mini-cluster) and Beam's
 * Java expansion service, which supplies {@link PubsubSource}.
 *
 * <p>Once both answer, one JSON line goes to stdout: {@code {"ready":true,"job":"host:port",
 * "expansion":"host:port","pid":1,"ms":1600}}. Nothing else ever goes there; logs go to stderr.
 *
 * <p>Cancelling doesn't stop a job on Flink's embedded cluster, so an engine runs one job and is
 * stopped by ending the JVM.
 */
public final class Engine {
  private Engine() {}

  public static void main(String[] args) throws Exception {
    long startedAt = System.currentTimeMillis();
    PrintStream readyOutput = System.out;
    System.setOut(System.err);
    EngineOptions options = parseOrExit(args);
    if (!options.keep()) {
      ParentWatch.haltWhenClosed(System.in);
    }

    CompletableFuture<ExpansionServer> expansion =
        CompletableFuture.supplyAsync(() -> startExpansionService(options));
    String job = startJobServer(options);
    int expansionPort = expansion.get().getPort();

    readyOutput.printf(
        "{\"ready\":true,\"job\":\"%s\",\"expansion\":\"%s:%d\",\"pid\":%d,\"ms\":%d}%n",
        job,
        EngineOptions.HOST,
        expansionPort,
        ProcessHandle.current().pid(),
        System.currentTimeMillis() - startedAt);
    readyOutput.flush();
    Thread.currentThread().join();
  }

  /** Bad arguments get one sentence and exit code 2, not a stack trace. */
  private static EngineOptions parseOrExit(String[] args) {
    try {
      return EngineOptions.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println("engine: " + e.getMessage());
      System.exit(2);
      throw e;
    }
  }

  /** Starts the job server and returns its {@code host:port}. */
  private static String startJobServer(EngineOptions options) throws Exception {
    FlinkJobServerDriver.FlinkServerConfiguration configuration =
        FlinkJobServerDriver.parseArgs(options.jobServerArgs());
    return FlinkJobServerDriver.fromConfig(
            configuration, () -> new DefaultingJobInvoker(configuration, options.jobDefaults()))
        .start();
  }

  private static ExpansionServer startExpansionService(EngineOptions options) {
    try {
      return ExpansionServer.create(
          new ExpansionService(options.expansionServiceArgs()),
          EngineOptions.HOST,
          options.expansionPort());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
