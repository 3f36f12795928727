import { effect, signal } from "@preact/signals";
import type { HistoryJson, HistoryPointJson, LiveJson } from "../contract.ts";
import { historyPoint } from "../history-point.ts";
import { ApiProblem, apiKey, request } from "./api.ts";
import { serverEvents } from "./sse.ts";

/** How all is now; undefined before the first word of it. */
export const live = signal<LiveJson | undefined>(undefined);

/** The last minutes, oldest first. */
export const past = signal<readonly HistoryPointJson[]>([]);

/** Whether the server is heard. */
export const connection = signal<"connecting" | "live" | "lost">("connecting");

/** What the server could not read, or why it isn't heard. */
export const trouble = signal<string | undefined>(undefined);

const KEPT = 300;
const LONGEST_PAUSE_MS = 10_000;

/** Follows the server for as long as the page is visible, with the key that it is given. */
export function followLive(): void {
  const visible = signal(!document.hidden);
  addEventListener("visibilitychange", () => (visible.value = !document.hidden));
  effect(() => {
    // Another key: another connection.
    const key = apiKey.value;
    if (!visible.value) return;
    const abort = new AbortController();
    void follow(key, abort.signal);
    return () => abort.abort();
  });
}

async function follow(key: string, stop: AbortSignal): Promise<void> {
  const isOver = () => stop.aborted || apiKey.peek() !== key;
  for (let pauseMs = 1_000; !isOver(); pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      const { body } = await request("api/live", { signal: stop });
      if (body === null) return;
      for await (const { name, data } of serverEvents(body)) {
        pauseMs = 1_000;
        take(name, JSON.parse(data) as unknown);
      }
      trouble.value = "the server has ended the connection";
    } catch (error) {
      if (isOver()) return;
      if (error instanceof ApiProblem && error.status === 401) return;
      trouble.value = error instanceof ApiProblem ? error.message : "the connection broke";
    }
    connection.value = "lost";
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function take(name: string, data: unknown): void {
  connection.value = "live";
  if (name === "history") past.value = data as HistoryJson;
  else if (name === "problem") trouble.value = (data as { readonly detail: string }).detail;
  else if (name === "live") {
    const next = data as LiveJson;
    trouble.value = next.problems[0];
    live.value = next;
    const known = past.value.at(-1)?.at === next.at; // the last of the history
    if (!known) past.value = [...past.value, historyPoint(next)].slice(-KEPT);
  }
}
