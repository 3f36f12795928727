import { formatDuration } from "../pipeline/core/duration.ts";
import type { StackConfig } from "./config.ts";
import type { Names } from "./names.ts";

/** What the feature server's container is started with. */
export interface ServerContainer {
  readonly args: readonly string[];
  /** Environment variables with their values. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests that Cloud Run may send to an instance at once. */
  readonly concurrency: number;
}

/** Cloud Run kills ten seconds after it asked: what is left of them is for the log of vectors. */
const DRAIN_MS = 8_000;

/**
 * How Cloud Run starts the server. It sends an instance more than the instance works on at once: so the server itself
 * refuses what it can't answer within the deadline, at once, where Cloud Run would let it wait for seconds.
 *
 * It listens to everybody who reaches the container. Who that is IAM has decided before, where no API keys do.
 */
export function serverContainer(
  config: Pick<
    StackConfig,
    | "project"
    | "generation"
    | "serverConcurrency"
    | "serverDeadline"
    | "serverLogVectors"
    | "serverApiKeys"
    | "serverConsole"
  >,
  { instance, appProfile, dataset }: Pick<Names, "instance" | "appProfile" | "dataset">,
): ServerContainer {
  const { project, generation, serverConcurrency: concurrent } = config;
  const waiting = Math.ceil(concurrent / 2);
  const options = {
    host: "0.0.0.0",
    generation,
    deadline: formatDuration(config.serverDeadline),
    "max-concurrent": concurrent,
    "max-queue": waiting,
    "log-vectors": config.serverLogVectors,
    drain: formatDuration(DRAIN_MS),
  };
  return {
    args: [
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...(config.serverApiKeys === undefined ? ["--allow-unauthenticated"] : []),
      config.serverConsole ? "--console" : "--no-console",
    ],
    env: {
      FRESHET_PROJECT: project,
      FRESHET_INSTANCE: instance,
      FRESHET_APP_PROFILE: appProfile,
      FRESHET_DATASET: dataset,
    },
    concurrency: concurrent + waiting,
  };
}
