package dev.freshet.engine;

import java.io.IOException;
import java.io.InputStream;

/** Ends this JVM when the process that started it is gone, however it went (kill -9 too). */
final class ParentWatch {
  private ParentWatch() {}

  /** The parent holds the other end of {@code stdin}; the kernel closes it when the parent dies. */
  static void haltWhenClosed(InputStream stdin) {
    Thread watch = new Thread(() -> haltAtEnd(stdin), "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private static void haltAtEnd(InputStream stdin) {
    try {
      while (stdin.read() >= 0) {
        // what a parent writes means nothing
      }
    } catch (IOException e) {
      // a broken stdin says the same as a closed one
    }
    // halt, not exit: Flink's shutdown hooks wait for a worker that may be gone too
    Runtime.getRuntime().halt(0);
  }
}
