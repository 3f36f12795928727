import { FreshetError } from "../../pipeline/core/errors.ts";

/** List prices of a region in US dollars, without discounts. */
export interface Prices {
  /** A Dataflow streaming worker. */
  readonly dataflowVcpuHour: number;
  readonly dataflowMemoryGbHour: number;
  readonly dataflowDiskGbHour: number;
  /** What Streaming Engine shuffles, and what it reads from Pub/Sub. */
  readonly streamingEngineGb: number;
  readonly pubsubTib: number;
  /** Delivery by a BigQuery subscription: BigQuery asks nothing more for the writing. */
  readonly pubsubToBigqueryTib: number;
  /** What a topic keeps. */
  readonly pubsubKeptGibMonth: number;
  readonly bigtableNodeHour: number;
  readonly bigtableSsdGibMonth: number;
  readonly storageWriteGib: number;
  readonly bigqueryGibMonth: number;
  /** A day's partition that nobody has changed for 90 days. */
  readonly bigqueryOldGibMonth: number;
  /** Cloud Run, CPU always on. */
  readonly runVcpuHour: number;
  readonly runMemoryGibHour: number;
  readonly gcsGibMonth: number;
  readonly imageGibMonth: number;
}

/**
 * When these prices were known, and from which of Google's pages. They were written down from memory of those pages and
 * not compared with them since: look before you rely on one.
 */
export const PRICES_AS_KNOWN = "2025-06";
/** Where the prices stand. */
export const PRICE_PAGES = [
  "https://cloud.google.com/dataflow/pricing",
  "https://cloud.google.com/pubsub/pricing",
  "https://cloud.google.com/bigtable/pricing",
  "https://cloud.google.com/bigquery/pricing",
  "https://cloud.google.com/run/pricing",
  "https://cloud.google.com/storage/pricing",
  "https://cloud.google.com/artifact-registry/pricing",
] as const;

/** What Google gives each month. @see PRICE_PAGES */
export const FREE = { pubsubGib: 10, storageWriteGib: 2048, bigqueryGib: 10 } as const;

const IOWA: Prices = {
  dataflowVcpuHour: 0.069,
  dataflowMemoryGbHour: 0.003557,
  dataflowDiskGbHour: 0.000054,
  streamingEngineGb: 0.018,
  pubsubTib: 40,
  pubsubToBigqueryTib: 50,
  pubsubKeptGibMonth: 0.27,
  bigtableNodeHour: 0.65,
  bigtableSsdGibMonth: 0.17,
  storageWriteGib: 0.025,
  bigqueryGibMonth: 0.02,
  bigqueryOldGibMonth: 0.01,
  runVcpuHour: 0.0648,
  runMemoryGibHour: 0.0072,
  gcsGibMonth: 0.02,
  imageGibMonth: 0.1,
};

/** Regions by name; another needs a row here. */
const REGIONS: Readonly<Record<string, Prices>> = {
  "us-central1": IOWA,
  "us-east1": IOWA,
  "europe-west1": IOWA,
};

/** Thrown for a region whose prices aren't known here. */
export class UnknownRegionError extends FreshetError {
  constructor(region: string) {
    const known = Object.keys(REGIONS).join(", ");
    super(
      "unknown_region",
      `no prices are known for region "${region}": known are ${known}; add it in infra/estimate/prices.ts`,
      { region },
    );
  }
}

/**
 * Prices of a region.
 * @throws UnknownRegionError
 */
export function pricesOf(region: string): Prices {
  const prices = Object.hasOwn(REGIONS, region) ? REGIONS[region] : undefined;
  if (prices === undefined) throw new UnknownRegionError(region);
  return prices;
}
