/** A request as the log tells of it: nothing of what it asked for or got. */
export interface AccessEntry {
  readonly method: string;
  readonly route: string;
  readonly service: string;
  readonly status: number;
  readonly ms: number;
  readonly request_id: string;
}

/** What the server says for its operators. Keys, requests and values are never in it. */
export interface ServerLog {
  access(entry: AccessEntry): void;
  /** An error that is no answer to a caller: a defect. */
  failure(error: unknown, requestId: string): void;
  warning(message: string): void;
}

/**
 * A JSON document a line, as Cloud Logging reads it.
 * @param access whether each request has a line; else only those that the server failed
 */
export function jsonLog(write: (line: string) => void, access: boolean, now: () => number): ServerLog {
  const say = (severity: "INFO" | "WARNING" | "ERROR", message: string, fields: object = {}) =>
    write(JSON.stringify({ severity, time: new Date(now()).toISOString(), message, ...fields }));
  return {
    access(entry) {
      if (access || entry.status >= 500) say(entry.status >= 500 ? "WARNING" : "INFO", "request", entry);
    },
    failure(error, requestId) {
      // A stack names code, not data; the message of an unknown error may hold either, and only operators see it.
      const stack = error instanceof Error ? error.stack : String(error);
      say("ERROR", "the server failed", { request_id: requestId, stack });
    },
    warning: (message) => say("WARNING", message),
  };
}
