import type { ViewPlan } from "../core/view-plan.ts";
import { bigqueryLayout } from "./bigquery-layout.ts";
import { provisionBigquery } from "./bigquery-provision.ts";
import { bigtableLayout } from "./bigtable-layout.ts";
import { provisionBigtable } from "./bigtable-provision.ts";
import { bigqueryClient, bigtableClient } from "./clients.ts";
import type { StoreEndpoints } from "./endpoints.ts";
import type { Retry } from "./retry.ts";

/** Creates what is missing of both stores. On Google Cloud, Pulumi does it; here, every start does. */
export async function provisionStores(
  endpoints: StoreEndpoints,
  plans: readonly ViewPlan[],
  retry: Retry,
): Promise<void> {
  const { project, generation, bigtable, bigquery } = endpoints;
  const layout = bigqueryLayout(plans, { project, dataset: bigquery.dataset }, generation);
  await Promise.all([
    provisionBigtable(bigtableClient(endpoints), bigtable.instance, bigtableLayout(plans, generation), retry),
    provisionBigquery(bigqueryClient(endpoints), bigquery.dataset, layout, retry),
  ]);
}
