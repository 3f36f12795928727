import type * as grpc from "@grpc/grpc-js";
import type { LogControl, LogEntry_List } from "apache-beam/proto/beam_fn_api";
import { LogEntry_Severity_Enum } from "apache-beam/proto/beam_fn_api";
import { BeamFnLoggingClient } from "apache-beam/proto/beam_fn_api.grpc-client";
import type { LogRecord, LogSink } from "../log.ts";
import { CHANNEL_OPTIONS, CREDENTIALS } from "./connect.ts";

const SEVERITIES = {
  debug: LogEntry_Severity_Enum.DEBUG,
  info: LogEntry_Severity_Enum.INFO,
  warn: LogEntry_Severity_Enum.WARN,
  error: LogEntry_Severity_Enum.ERROR,
};
/** Records that may wait for the runner; the rest is dropped, for a log must not stop the work. */
const LIMIT = 10_000;

/** The Fn API's logging service: a worker's log records, which the runner puts among its own. */
export class LoggingChannel implements LogSink {
  readonly #client: BeamFnLoggingClient;
  readonly #call: grpc.ClientDuplexStream<LogEntry_List, LogControl>;
  readonly #closed = Promise.withResolvers<undefined>();
  #over = false;

  constructor(url: string, metadata: grpc.Metadata) {
    this.#client = new BeamFnLoggingClient(url, CREDENTIALS, CHANNEL_OPTIONS, {});
    this.#call = this.#client.logging(metadata);
    this.#call.on("data", () => undefined); // log levels, which nobody sends
    const over = () => {
      this.#over = true;
      this.#closed.resolve(undefined);
    };
    this.#call.on("error", over);
    this.#call.on("end", () => {
      over();
      this.#call.end();
    });
  }

  /** @returns false when the record could not be sent */
  write(record: LogRecord): boolean {
    if (this.#over || this.#call.writableLength > LIMIT) return false;
    const { timeMs } = record;
    const seconds = Math.floor(timeMs / 1000);
    this.#call.write({
      logEntries: [
        {
          severity: SEVERITIES[record.severity],
          timestamp: { seconds: BigInt(seconds), nanos: Math.floor((timeMs - seconds * 1000) * 1e6) },
          message: record.message,
          trace: record.trace ?? "",
          instructionId: record.instruction ?? "",
          transformId: record.transform ?? "",
          logLocation: "freshet",
          thread: "",
        },
      ],
    });
    return true;
  }

  /** Ends the stream after what was written. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#call.end();
  }

  /**
   * Ends the stream and lets go of the connection, once the runner has read what was written.
   * @param patienceMs longest wait for that
   */
  async close(patienceMs: number): Promise<void> {
    this.end();
    const patience = setTimeout(() => this.#closed.resolve(undefined), patienceMs);
    await this.#closed.promise;
    clearTimeout(patience);
    this.cancel();
  }

  cancel(): void {
    this.#over = true;
    this.#call.cancel();
    this.#client.close();
  }
}
