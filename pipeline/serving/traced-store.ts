import { SpanKind } from "@opentelemetry/api";
import { tableIdOf } from "../stores/bigtable-layout.ts";
import type { OnlineStore } from "./online-store.ts";
import { inSpan } from "./tracing.ts";

/** A store of which each read is a span. Heartbeats have none: they are no part of any request. */
export function tracedStore(store: OnlineStore): OnlineStore {
  return {
    readViews(plans, keys, tMs, limits) {
      const [first] = plans;
      const table = first === undefined ? "" : tableIdOf(first);
      const attributes = {
        "db.system.name": "gcp.bigtable",
        "db.operation.name": "ReadRows",
        "db.collection.name": table,
        "freshet.views": plans.map(({ name, version }) => `${name}@${String(version)}`),
        "freshet.keys": keys.length,
      };
      return inSpan(`ReadRows ${table}`, { kind: SpanKind.CLIENT, attributes }, () =>
        store.readViews(plans, keys, tMs, limits),
      );
    },
    readCompleteThrough: (plans, budgetMs) => store.readCompleteThrough(plans, budgetMs),
  };
}
