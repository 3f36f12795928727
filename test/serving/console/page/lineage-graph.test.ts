import { expect, it } from "vitest";
import { services } from "../../../../pipeline/features/services.ts";
import { catalogOf } from "../../../../pipeline/serving/console/catalog.ts";
import { lineageOf } from "../../../../pipeline/serving/console/page/lineage-graph.ts";

it("leads from each schema to the models that get something of it, and back", () => {
  const nodes = lineageOf(catalogOf(services, 0));
  const related = (id: string) => [...(nodes.find((node) => node.id === id)?.related ?? [])].sort();
  expect(related("view:item_activity@1")).toEqual([
    "event:shop_event",
    "model:ranking@1",
    "schema:shop_event",
    "service:ranking@1",
  ]);
  expect(related("model:fraud@1")).toEqual([
    "event:shop_event",
    "schema:shop_event",
    "service:fraud@1",
    "view:user_purchases@1",
  ]);
  expect(related("schema:shop_event")).toHaveLength(nodes.length - 1);
  for (const { id, stage, from } of nodes) {
    for (const source of from)
      expect([id, nodes.find((node) => node.id === source)?.stage]).toEqual([id, stage - 1]);
  }
});
