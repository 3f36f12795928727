package dev.freshet.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The deliveries that a reader holds, and when the deadline of each must be extended: half a
 * deadline after it was received or last extended. Times are milliseconds. Not thread-safe.
 */
final class Leases {
  private final long deadlineMs;
  private final Map<String, Long> dueAt = new LinkedHashMap<>(); // in order of the due time

  Leases(long deadlineMs) {
    this.deadlineMs = deadlineMs;
  }

  int size() {
    return dueAt.size();
  }

  /** Pub/Sub counts the deadline from {@code atMs} on. */
  void hold(String ackId, long atMs) {
    dueAt.put(ackId, atMs + deadlineMs / 2);
  }

  void extended(List<String> ackIds, long atMs) {
    for (String ackId : ackIds) {
      if (dueAt.remove(ackId) != null) {
        hold(ackId, atMs);
      }
    }
  }

  void release(List<String> ackIds) {
    ackIds.forEach(dueAt::remove);
  }

  /** At most {@code limit} deliveries, the most urgent first. */
  List<String> first(int limit) {
    return dueAt.keySet().stream().limit(limit).toList();
  }

  /**
   * At most {@code limit} deliveries to extend: none if none is due; else those too that are due
   * within a fifth of the deadline, so that calls are few and full.
   */
  List<String> due(long nowMs, int limit) {
    List<String> due = new ArrayList<>();
    for (Map.Entry<String, Long> lease : dueAt.entrySet()) {
      long horizonMs = due.isEmpty() ? nowMs : nowMs + deadlineMs / 5;
      if (lease.getValue() > horizonMs || due.size() == limit) {
        break;
      }
      due.add(lease.getKey());
    }
    return due;
  }
}
