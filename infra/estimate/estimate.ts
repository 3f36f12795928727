import type { ViewPlan } from "../../pipeline/core/view-plan.ts";
import type { Assumptions } from "./assumptions.ts";
import { line, type Line } from "./line.ts";
import { FREE, type Prices, pricesOf } from "./prices.ts";
import { rowBytes, rowsPerKey } from "./rows.ts";

/** What a month costs, and what follows from the definitions on the way. */
export interface Estimate {
  readonly lines: readonly Line[];
  /** US dollars a month. */
  readonly usd: number;
  readonly workers: number;
  readonly bigtableNodes: number;
  /** Instances of the feature server. */
  readonly servers: number;
  /** Rows a second of each view. */
  readonly rowsPerSecond: Readonly<Record<string, number>>;
}

const HOURS = 730;
const SECONDS = HOURS * 3600;
const GB = 1e9;
const GIB = 2 ** 30;
const TIB = 2 ** 40;
const DAY_S = 86_400;
/** BigQuery calls a partition old after 90 days without a change. */
const YOUNG_MONTHS = 3;
/** What Bigtable keeps of a key at most. */
const MOST_CELLS = 64;
/** A node of SSD, with rows of 1 kB, one at a time. @see https://cloud.google.com/bigtable/docs/performance */
const NODE = { writesPerSecond: 14_000, readsPerSecond: 17_000 } as const;
/** Of an instance of the feature server, as infra/components/feature-server.ts asks for. */
const INSTANCE = { vcpus: 1, memoryGib: 1 } as const;
/** Of a worker with Streaming Engine. */
const DISK_GB = 30;

/**
 * What a month of the views costs at a rate of events.
 *
 * Left out: reading for training (by the bytes that a query reads), logs and metrics beyond what is free, backups,
 * keys, and transfer, which is free within a region.
 * @throws UnknownRegionError
 */
export function estimate(views: readonly ViewPlan[], assumed: Assumptions): Estimate {
  const prices = pricesOf(assumed.region);
  const traffic = views.map((view) => trafficOf(view, assumed));
  const rows = sum(traffic.map(({ rowsPerSecond }) => rowsPerSecond));
  const workers = workersFor(views.length, assumed);
  const nodes = nodesFor(rows, assumed);
  const servers = serversFor(assumed);
  const lines = [
    ...pubsubLines(assumed, prices),
    ...dataflowLines(views.length, workers, assumed, prices),
    ...bigtableLines(traffic, nodes, assumed, prices),
    ...bigqueryLines(traffic, assumed, prices),
    ...serverLines(servers, prices),
    line("Cloud Storage: graphs, templates, temporary files", [1, "GiB"], [prices.gcsGibMonth, "$/GiB"]),
    line("Artifact Registry: images", [1, "GiB"], [prices.imageGibMonth, "$/GiB"]),
    line("Network: everything stays within the region", [0, "GiB"], [0, "$/GiB"]),
  ];
  const rowsPerSecond = Object.fromEntries(
    views.map(({ name, version }, i) => [`${name} v${version}`, traffic[i]?.rowsPerSecond ?? 0]),
  );
  const usd = sum(lines.map((each) => each.usd));
  return { lines, usd, workers, bigtableNodes: nodes, servers, rowsPerSecond };
}

interface Traffic {
  readonly view: ViewPlan;
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
}

function trafficOf(view: ViewPlan, { eventsPerSecond, share, keys }: Assumptions): Traffic {
  const eventsPerKey = (eventsPerSecond * share) / keys;
  const rowsPerSecond = keys * rowsPerKey(view, { eventsPerKey });
  return { view, rowsPerSecond, bytesPerSecond: rowsPerSecond * rowBytes(view) };
}

function workersFor(views: number, assumed: Assumptions): number {
  const { eventsPerSecond, cpuUsPerEvent, workerVcpus, workerLoad } = assumed;
  return Math.max(1, Math.ceil((eventsPerSecond * views * cpuUsPerEvent) / 1e6 / (workerVcpus * workerLoad)));
}

/** Nodes of one cluster: every cluster takes all writes. */
function nodesFor(rowsPerSecond: number, assumed: Assumptions): number {
  const { readsPerSecond, bigtableMinNodes, bigtableLoad } = assumed;
  const load = rowsPerSecond / NODE.writesPerSecond + readsPerSecond / NODE.readsPerSecond;
  return Math.max(bigtableMinNodes, Math.ceil(load / bigtableLoad));
}

/** Of the feature server; none where nobody asks. */
function serversFor(assumed: Assumptions): number {
  const { readsPerSecond, serverMinInstances, readsPerInstance, serverLoad } = assumed;
  if (readsPerSecond === 0) return 0;
  return Math.max(serverMinInstances, Math.ceil(readsPerSecond / (readsPerInstance * serverLoad)));
}

function pubsubLines({ eventsPerSecond, payloadBytes, retentionDays }: Assumptions, prices: Prices): Line[] {
  const bytes = eventsPerSecond * payloadBytes * SECONDS;
  const free = (FREE.pubsubGib * GIB) / TIB;
  const published = [bytes / TIB, "TiB"] as const;
  const beyondFree = [Math.max(0, (2 * bytes) / TIB - free), "TiB beyond 10 GiB"] as const;
  return [
    line("Pub/Sub: publishing, and delivery to the pipeline", beyondFree, [prices.pubsubTib, "$/TiB"]),
    line("Pub/Sub: archive to BigQuery", published, [prices.pubsubToBigqueryTib, "$/TiB"]),
    line(
      "Pub/Sub: the topic's retention",
      [(eventsPerSecond * payloadBytes * DAY_S) / GIB, "GiB a day"],
      [retentionDays, "days"],
      [prices.pubsubKeptGibMonth, "$/GiB"],
    ),
  ];
}

function dataflowLines(views: number, workers: number, assumed: Assumptions, prices: Prices): Line[] {
  const { eventsPerSecond, payloadBytes, shuffleBytes, workerVcpus, workerMemoryGb } = assumed;
  const time = [
    [workers, "workers"],
    [HOURS, "h"],
  ] as const;
  const shuffled = (eventsPerSecond * (payloadBytes + views * shuffleBytes) * SECONDS) / GB;
  return [
    line("Dataflow: vCPU", ...time, [workerVcpus, "vCPU"], [prices.dataflowVcpuHour, "$/h"]),
    line("Dataflow: memory", ...time, [workerMemoryGb, "GB"], [prices.dataflowMemoryGbHour, "$/GB h"]),
    line("Dataflow: disk", ...time, [DISK_GB, "GB"], [prices.dataflowDiskGbHour, "$/GB h"]),
    line("Dataflow: Streaming Engine", [shuffled, "GB"], [prices.streamingEngineGb, "$/GB"]),
  ];
}

function bigtableLines(
  traffic: readonly Traffic[],
  nodes: number,
  { keys, bigtableClusters }: Assumptions,
  prices: Prices,
): Line[] {
  const bytes = traffic.map(({ view, rowsPerSecond }) => {
    const keptS = (view.longestMs + view.allowedLatenessMs) / 1000 + DAY_S;
    return Math.min(rowsPerSecond * keptS, keys * MOST_CELLS) * rowBytes(view);
  });
  const clusters = [bigtableClusters, "clusters"] as const;
  return [
    line("Bigtable: nodes", clusters, [nodes, "nodes"], [HOURS, "h"], [prices.bigtableNodeHour, "$/h"]),
    line("Bigtable: SSD", clusters, [sum(bytes) / GIB, "GiB"], [prices.bigtableSsdGibMonth, "$/GiB"]),
  ];
}

function bigqueryLines(
  traffic: readonly Traffic[],
  { eventsPerSecond, payloadBytes, monthsKept }: Assumptions,
  prices: Prices,
): Line[] {
  const written = (sum(traffic.map(({ bytesPerSecond }) => bytesPerSecond)) * SECONDS) / GIB;
  const monthly = written + (eventsPerSecond * payloadBytes * SECONDS) / GIB;
  const young = Math.min(monthsKept, YOUNG_MONTHS);
  const beyondFree = Math.max(0, written - FREE.storageWriteGib);
  return [
    line("BigQuery: Storage Write", [beyondFree, "GiB beyond 2 TiB"], [prices.storageWriteGib, "$/GiB"]),
    line(
      "BigQuery: rows and archive, first 90 days",
      [Math.max(0, monthly * young - FREE.bigqueryGib), "GiB beyond 10 GiB"],
      [prices.bigqueryGibMonth, "$/GiB"],
    ),
    line(
      "BigQuery: rows and archive, older",
      [monthly, "GiB a month"],
      [monthsKept - young, "months"],
      [prices.bigqueryOldGibMonth, "$/GiB"],
    ),
  ];
}

function serverLines(servers: number, prices: Prices): Line[] {
  const time = [
    [servers, "instances"],
    [HOURS, "h"],
  ] as const;
  return [
    line("Cloud Run: vCPU", ...time, [INSTANCE.vcpus, "vCPU"], [prices.runVcpuHour, "$/h"]),
    line("Cloud Run: memory", ...time, [INSTANCE.memoryGib, "GiB"], [prices.runMemoryGibHour, "$/GiB h"]),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
