/** A feature server without a port, over a store in memory. */
import { services } from "../../pipeline/features/services.ts";
import { serverApp } from "../../pipeline/serving/app.ts";
import type { AppOptions } from "../../pipeline/serving/app-options.ts";
import { Heartbeats } from "../../pipeline/serving/heartbeats.ts";
import type { ServerLog } from "../../pipeline/serving/log.ts";
import type { OnlineStore } from "../../pipeline/serving/online-store.ts";
import type { ProblemDocument } from "../../pipeline/serving/problem.ts";
import type { ReadJson } from "../../pipeline/serving/vector-json.ts";

/** A whole minute: the end of a window of the project's views. */
export const E = Date.UTC(2026, 2, 1, 12);
/** The instant that the server answers for, unless a test says otherwise. */
export const T = E + 20_500;

/** Takes every line of a server's log. */
export function collectingLog(): ServerLog & { readonly lines: unknown[] } {
  const lines: unknown[] = [];
  return {
    lines,
    access: (entry) => lines.push(entry),
    failure: (error, requestId) => lines.push({ error, requestId }),
    warning: (message) => lines.push({ message }),
  };
}

/** The project's services at `T`. Of the store's marks those are known that stood there at the start. */
export async function testServer(store: OnlineStore, changes: Partial<AppOptions> = {}) {
  const { plans } = (changes.services ?? services).registry;
  const heartbeats = new Heartbeats(store, plans, { everyMs: 1_000, budgetMs: 1_000 });
  await heartbeats.refresh();
  const log = collectingLog();
  const app = serverApp({
    services,
    store,
    heartbeats,
    now: () => T,
    limits: { keys: 200, bodyBytes: 50_000, deadlineMs: 5_000 },
    admission: { concurrent: 8, queued: 8 },
    log,
    ...changes,
  });
  const fetch = async (request: Request): Promise<Response> => app.fetch(request);
  const request = (path: string, init?: RequestInit) => fetch(new Request(`http://localhost${path}`, init));
  return { fetch, request, heartbeats, log, read: reader(request) };
}

/** Posts a body to a service and reads what comes back. */
function reader(request: (path: string, init: RequestInit) => Promise<Response>) {
  return async (service: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await request(`/v1/services/${service}:read`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const json = JSON.parse(text) as ReadJson & ProblemDocument;
    return { status: response.status, headers: response.headers, text, json };
  };
}
