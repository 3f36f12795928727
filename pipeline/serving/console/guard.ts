import { Problem } from "../problem.ts";

/** Who the inspecting endpoints answer, beside what authentication says. */
export interface GuardOptions {
  /**
   * Whether only this machine is listened to, and anybody on it may ask. Then a request must name this machine: else a
   * page of anywhere, whose own name leads here by its DNS, could read people's data in a visitor's browser.
   */
  readonly loopbackOnly: boolean;
  /** Whether dead letters may be published again from here. */
  readonly changes: boolean;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether an address or name, without a port, is this machine's own. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Refuses a request to a name that isn't this machine's.
 * @throws Problem `foreign_host`
 */
export function checkHost({ headers, url }: Request, { loopbackOnly }: GuardOptions): void {
  const host = headers.get("host") ?? new URL(url).host;
  if (!loopbackOnly || isLoopback(host.replace(/:\d{1,5}$/, ""))) return;
  const detail =
    "without API keys the console answers to localhost and 127.0.0.1 only: open it by such an address";
  throw new Problem("foreign_host", detail);
}

/**
 * Refuses a request that would change something: where that is not allowed, and from a page of another site. A program
 * that is no browser sends neither header, and no browser's cookies or network come with it.
 * @throws Problem `changes_not_allowed`, `foreign_origin`
 */
export function checkChange({ headers, url }: Request, { changes }: GuardOptions): void {
  if (!changes) {
    throw new Problem("changes_not_allowed", "start the server with --console-changes to allow it");
  }
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  const host = headers.get("host") ?? new URL(url).host;
  const isOwn = origin === null || (URL.canParse(origin) && new URL(origin).host === host);
  if ((site === null || site === "same-origin") && isOwn) return;
  throw new Problem("foreign_origin", "only a page of this server may ask for a change");
}
