import type { CatalogJson } from "../contract.ts";
import { versioned } from "./names.ts";

/** The stages of a feature's way, from left to right. */
export const STAGES = ["Schema", "Event", "View", "Service", "Model"] as const;

/** Something that is defined, and where it stands. */
export interface LineageNode {
  /** `view:user_purchases@1` */
  readonly id: string;
  /** Index into `STAGES`. */
  readonly stage: number;
  readonly name: string;
  readonly about: string;
  /** Ids of what it is made of directly. */
  readonly from: readonly string[];
  /** Ids of all that it is made of, and of all that is made of it. */
  readonly related: ReadonlySet<string>;
}

/** Everything of a catalog, by stage, with what is made of what. */
export function lineageOf({ events, views, services }: CatalogJson): readonly LineageNode[] {
  const nodes: Omit<LineageNode, "related">[] = [
    ...events.map(({ name, revisions, fields }) => ({
      id: `schema:${name}`,
      stage: 0,
      name: `schemas/${name}`,
      about: `${plural(revisions.length, "revision")}, ${plural(fields.length, "field")}`,
      from: [],
    })),
    ...events.map(({ name, event_time }) => ({
      id: `event:${name}`,
      stage: 1,
      name,
      about: `happened at ${event_time}`,
      from: [`schema:${name}`],
    })),
    ...views.map((view) => ({
      id: `view:${versioned(view)}`,
      stage: 2,
      name: `${view.name} v${String(view.version)}`,
      about: `${plural(view.columns.length, "column")} of each ${view.entity}`,
      from: [`event:${view.source}`],
    })),
    ...services.map((service) => ({
      id: `service:${versioned(service)}`,
      stage: 3,
      name: `${service.name} v${String(service.version)}`,
      about: `vector of ${String(service.columns.length + service.on_demand.length)}`,
      from: [
        ...new Set(
          service.columns.map(
            ({ view, view_version: version }) => `view:${versioned({ name: view, version })}`,
          ),
        ),
      ],
    })),
    ...services.map((service) => ({
      id: `model:${versioned(service)}`,
      stage: 4,
      name: `models on ${service.name}`,
      about: `ask ${service.name}@${String(service.version)}:read`,
      from: [`service:${versioned(service)}`],
    })),
  ];
  const sources = new Map(nodes.map(({ id, from }) => [id, from]));
  const madeOf = (id: string): string[] => (sources.get(id) ?? []).flatMap((each) => [each, ...madeOf(each)]);
  const ancestors = new Map(nodes.map(({ id }) => [id, new Set(madeOf(id))]));
  return nodes.map((node) => {
    const below = nodes.filter(({ id }) => ancestors.get(id)?.has(node.id)).map(({ id }) => id);
    return { ...node, related: new Set([...(ancestors.get(node.id) ?? []), ...below]) };
  });
}

function plural(n: number, what: string): string {
  return `${String(n)} ${what}${n === 1 ? "" : "s"}`;
}
