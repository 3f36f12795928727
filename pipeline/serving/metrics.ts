import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the server counts of itself. */
export interface ServerMetrics {
  /** By route, service (empty where none is known) and HTTP status. */
  readonly requests: Counter<"route" | "service" | "status">;
  readonly requestSeconds: Histogram<"route" | "service">;
  readonly storeReadSeconds: Histogram<"entity">;
  /** Reads of the store that were late, by what became of the second one. */
  readonly hedgedReads: Counter<"outcome">;
  readonly keys: Counter<"service">;
  /** By what the keys' vectors failed by. */
  readonly keyFaults: Counter<"service" | "code">;
  /** Vectors with a stale feature. */
  readonly staleVectors: Counter<"service">;
  readonly loggedVectors: Counter<"outcome">;
  readonly registry: Registry;
}

/** What is asked of the server's state when the metrics are read. */
export interface ServerState {
  readonly active: () => number;
  readonly waiting: () => number;
  /** How far each view is behind, s; a view of which nothing is known is left out. */
  readonly lagSeconds: () => readonly (readonly [view: string, seconds: number])[];
}

const SECONDS = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Makes the metrics in a registry of their own.
 * @param processToo the process's own as well: memory, CPU, event loop
 */
export function serverMetrics(state: ServerState, processToo: boolean): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  if (processToo) collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect: function () {
        this.set(read());
      },
    });
  gauge("freshet_requests_active", "Requests that are worked on.", state.active);
  gauge("freshet_requests_waiting", "Requests that wait for a place.", state.waiting);
  new Gauge({
    name: "freshet_view_lag_seconds",
    help: "How long ago a view's on-time rows were last known to be complete.",
    labelNames: ["view"],
    registers,
    collect() {
      for (const [view, seconds] of state.lagSeconds()) this.set({ view }, seconds);
    },
  });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Histogram({ name, help, labelNames, registers, buckets: SECONDS });
  return {
    requests: counter("freshet_requests_total", "Requests answered.", ["route", "service", "status"]),
    requestSeconds: histogram("freshet_request_seconds", "From a request's head to its answer.", [
      "route",
      "service",
    ]),
    storeReadSeconds: histogram("freshet_store_read_seconds", "One request to the online store.", ["entity"]),
    hedgedReads: counter("freshet_hedged_reads_total", "Reads of the online store that were late.", [
      "outcome",
    ]),
    keys: counter("freshet_keys_total", "Keys asked for.", ["service"]),
    keyFaults: counter("freshet_key_faults_total", "Keys without a vector.", ["service", "code"]),
    staleVectors: counter("freshet_stale_vectors_total", "Vectors with a stale feature.", ["service"]),
    loggedVectors: counter("freshet_logged_vectors_total", "Vectors for the log.", ["outcome"]),
    registry,
  };
}
