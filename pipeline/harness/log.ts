/** A line of the worker's log. */
export interface LogRecord {
  readonly severity: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly timeMs: number;
  readonly instruction?: string;
  /** The transform's id in its bundle descriptor. */
  readonly transform?: string;
  /** An error's stack. */
  readonly trace?: string;
}

/** Where records go; `write` returns false when it can't take one. */
export interface LogSink {
  write(record: LogRecord): boolean;
}

const sinks = new Set<LogSink>();
const stderr: LogSink = {
  write(record) {
    const time = new Date(record.timeMs).toISOString();
    process.stderr.write(
      `${time} ${record.severity} ${record.message}${record.trace ? `\n${record.trace}` : ""}\n`,
    );
    return true;
  },
};

/** Sends later records to a runner's log too, until the returned function is called. */
export function addLogSink(sink: LogSink): () => void {
  sinks.add(sink);
  return () => {
    sinks.delete(sink);
  };
}

/**
 * Writes a record to the runners' logs; to stderr where none takes it.
 * @param [to] all that are connected
 */
export function writeLog(record: LogRecord, to: Iterable<LogSink> = sinks): void {
  const sent = [...to].map((sink) => sink.write(record)).some(Boolean);
  if (!sent) stderr.write(record);
}

type Fields = Omit<LogRecord, "severity" | "message" | "timeMs">;
const at =
  (severity: LogRecord["severity"]) =>
  (message: string, fields: Fields = {}): void => {
    writeLog({ severity, message, timeMs: Date.now(), ...fields });
  };

/** The worker's log, for user code too: it stands with the runner's own log while one is connected. */
export const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
