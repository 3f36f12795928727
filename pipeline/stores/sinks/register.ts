import { registerDoFn } from "../../harness/registry.ts";
import { completeThroughSink } from "./complete-through-sink.ts";
import type {
  DeadLetterSinkConfig,
  SinkConfig,
  SinkEnvironment,
  TopicSinkConfig,
  ViewSinkConfig,
} from "./config.ts";
import { deadLetterSink } from "./dead-letter-sink.ts";
import { lateSink } from "./late-sink.ts";
import { offlineSink } from "./offline-sink.ts";
import { onlineSink } from "./online-sink.ts";

/** The registered names of the sinks, and what each takes and gives. */
export const SINKS = {
  /** `ViewSinkConfig`: FeatureRow → StoredRow; tag `rejected`: DeadLetter. */
  online: "write online",
  /** `ViewSinkConfig`: StoredRow → nothing; tag `rejected`: DeadLetter. */
  offline: "write offline",
  /** `TopicSinkConfig`: LateEvent → nothing; tag `rejected`: DeadLetter. */
  late: "write late",
  /** `TopicSinkConfig`: DeadLetter → nothing. */
  deadLetters: "write dead letters",
  /** `SinkConfig`: CompleteThroughTick → nothing. */
  completeThrough: "write complete through",
} as const;

/** Makes the sinks known to this process's workers. */
export function registerSinks(env: SinkEnvironment): void {
  registerDoFn(SINKS.online, (config: ViewSinkConfig) => onlineSink(config, env));
  registerDoFn(SINKS.offline, (config: ViewSinkConfig) => offlineSink(config, env));
  registerDoFn(SINKS.late, (config: TopicSinkConfig) => lateSink(config, env));
  registerDoFn(SINKS.deadLetters, (config: DeadLetterSinkConfig) => deadLetterSink(config, env));
  registerDoFn(SINKS.completeThrough, (config: SinkConfig) => completeThroughSink(config, env));
}
