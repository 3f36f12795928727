import type { MonitoringInfo } from "apache-beam/proto/metrics";
import { Writer } from "../core/bytes.ts";
import type { DistributionTotal, TransformMetrics } from "./metrics.ts";

/** Runners show user metrics under a namespace. */
const NAMESPACE = "freshet";
const SUM = "beam:metrics:sum_int64:v1";
const DISTRIBUTION = "beam:metrics:distribution_int64:v1";
const LATEST = "beam:metrics:latest_int64:v1";

/** How many elements a PCollection got in this bundle. */
export function elementCount(pcollection: string, count: number): MonitoringInfo {
  return info("beam:metric:element_count:v1", SUM, { PCOLLECTION: pcollection }, [count]);
}

/** The user metrics of a transform that this bundle touched. Beam's are 64-bit integers: fractions are rounded. */
export function userMetrics(transformId: string, metrics: TransformMetrics): MonitoringInfo[] {
  const labels = (name: string) => ({ PTRANSFORM: transformId, NAMESPACE, NAME: name });
  const infos: MonitoringInfo[] = [];
  for (const [name, { total }] of metrics.counters) {
    if (total !== 0) infos.push(info("beam:metric:user:sum_int64:v1", SUM, labels(name), [total]));
  }
  for (const [name, distribution] of metrics.distributions) {
    if (distribution.count === 0) continue;
    infos.push(
      info("beam:metric:user:distribution_int64:v1", DISTRIBUTION, labels(name), integers(distribution)),
    );
  }
  for (const [name, { latest }] of metrics.gauges) {
    if (!latest) continue;
    const values = [latest.atMs, Math.round(latest.value)];
    infos.push(info("beam:metric:user:latest_int64:v1", LATEST, labels(name), values));
  }
  return infos;
}

function integers({ count, sum, min, max }: DistributionTotal): number[] {
  return [count, Math.round(sum), Math.round(min), Math.round(max)];
}

function info(
  urn: string,
  type: string,
  labels: Record<string, string>,
  values: readonly number[],
): MonitoringInfo {
  const payload = new Writer(16);
  for (const value of values) payload.varint(value);
  return { urn, type, labels, payload: payload.take() };
}

/** Short names for metrics, as long as a worker's control stream: runners that know them need the labels only once. */
export class ShortIds {
  readonly #ids = new Map<string, string>();
  readonly #infos = new Map<string, MonitoringInfo>();

  /** Payloads by short id. */
  shorten(infos: readonly MonitoringInfo[]): Record<string, Uint8Array> {
    return Object.fromEntries(infos.map((full) => [this.#idOf(full), full.payload]));
  }

  /** What the ids stand for; an unknown one is left out. */
  lookUp(ids: readonly string[]): Record<string, MonitoringInfo> {
    const found: Record<string, MonitoringInfo> = {};
    for (const id of ids) {
      const full = this.#infos.get(id);
      if (full) found[id] = full;
    }
    return found;
  }

  #idOf(full: MonitoringInfo): string {
    const key = JSON.stringify([full.urn, Object.entries(full.labels).sort()]);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size.toString(36);
      this.#ids.set(key, id);
      this.#infos.set(id, { ...full, payload: new Uint8Array() });
    }
    return id;
  }
}
