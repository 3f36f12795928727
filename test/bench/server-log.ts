import { features } from "../../pipeline/features/registry.ts";
import { services } from "../../pipeline/features/services.ts";
import { STALE_VIEW } from "../../pipeline/serving/stale-views.ts";

const ROUTES = new Set(["", "/v1/services/{name}:read", "/v1/views/{name}/keys/{key}"]);
const SERVICES = new Set(["", ...services.all.map(({ name }) => name)]);
const VIEWS = features.plans.map(({ name }) => name).join("|");
/** What is said once a minute of a view that is behind: names and times, none of them a caller's. */
const STALE = new RegExp(
  `^${STALE_VIEW}: (?:${VIEWS}) v\\d+ is (?:not complete yet|complete through [\\dTZ:.-]+) \\(declared freshness [\\d.]+ s\\)$`,
);
const STALE_FIELDS = "message,severity,time";
const FIELDS = "message,method,ms,request_id,route,service,severity,status,time";
const SHOWN = 10;

/**
 * Holds each line of a server's access log to what such a line may hold: names of the project's own, numbers, and an id. So no
 * key, value, path or stack can be in one, whatever was asked.
 */
export class ServerLogCheck {
  requests = 0;
  /** The first lines that hold anything else. */
  readonly leaks: string[] = [];

  add(line: string): void {
    this.requests += 1;
    if (!isHarmless(line) && this.leaks.length < SHOWN) this.leaks.push(line);
  }
}

function isHarmless(line: string): boolean {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line === "draining";
  }
  const { severity, message, route, service, request_id } = entry;
  const fields = Object.keys(entry).sort().join(",");
  if (severity === "WARNING") return fields === STALE_FIELDS && STALE.test(String(message));
  return (
    fields === FIELDS &&
    severity === "INFO" &&
    message === "request" &&
    ROUTES.has(String(route)) &&
    SERVICES.has(String(service)) &&
    /^[\w-]{36}$/.test(String(request_id)) &&
    /^[A-Z]+$/.test(String(entry["method"])) &&
    [entry["ms"], entry["status"]].every((value) => typeof value === "number")
  );
}
