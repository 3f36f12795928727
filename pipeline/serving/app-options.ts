import type { Hono } from "hono";
import type { Services } from "../define/index.ts";
import type { AdmissionLimits } from "./admission.ts";
import type { Authenticate } from "./auth.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { HedgeOptions } from "./hedge.ts";
import type { ServerLog } from "./log.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { OnlineStore } from "./online-store.ts";
import type { VectorLog, VectorLogOptions } from "./vector-log.ts";

/** What one request may ask for. */
export interface RequestLimits {
  /** Keys of one request. */
  readonly keys: number;
  readonly bodyBytes: number;
  /** The deadline of a request that names none, and the longest that one may name, ms. */
  readonly deadlineMs: number;
}

/** What the server is made of. */
export interface AppOptions {
  readonly services: Services;
  readonly store: OnlineStore;
  /** Asks again where the store is late: the same store by another connection, and when. @default never */
  readonly hedge?: Pick<HedgeOptions, "after" | "budget"> & { readonly second: OnlineStore };
  readonly heartbeats: Heartbeats;
  /** Epoch ms: the instant that answers are for. */
  readonly now: () => number;
  readonly limits: RequestLimits;
  readonly admission: AdmissionLimits;
  readonly log: ServerLog;
  /** Who may ask. @default everybody */
  readonly authenticate?: Authenticate;
  /** Requests a second of one caller. @default any number */
  readonly ratePerSecond?: number;
  /** Makes what gets the vectors that were served. @default nothing gets them */
  readonly vectorLog?: (onOutcome: VectorLogOptions["onOutcome"]) => VectorLog;
  /** Whether the metrics tell of the process as well. @default false */
  readonly processMetrics?: boolean;
  /** Makes the console, whose paths begin with `/console`. @default there is none */
  readonly console?: (metrics: ServerMetrics) => Hono<RequestContext>;
  /** Whether the server is about to end: it isn't ready then. */
  readonly draining?: () => boolean;
}

/** What a request carries through its handlers. */
export interface RequestContext {
  Variables: {
    requestId: string;
    caller: string;
    /** For metrics: the path's pattern and the service's name, once they are known. */
    route: string;
    service: string;
  };
}
