import { useState } from "preact/hooks";
import type { CatalogJson } from "../../contract.ts";
import { useCatalog } from "../catalog.ts";
import { type LineageNode, lineageOf } from "../lineage-graph.ts";
import { versioned } from "../names.ts";
import { LineageGraph } from "../parts/lineage-graph.tsx";
import { Panel } from "../parts/panel.tsx";
import { Remote } from "../resource.tsx";
import { Scroll } from "../parts/scroll.tsx";

/** What is made of what: from a schema's fields to whoever asks for a vector. */
export function LineagePage() {
  return (
    <Remote of={useCatalog()} what="the definitions">
      {(catalog) => <Lineage catalog={catalog} />}
    </Remote>
  );
}

function Lineage({ catalog }: { readonly catalog: CatalogJson }) {
  const [chosen, choose] = useState<string | undefined>();
  const nodes = lineageOf(catalog);
  const node = nodes.find(({ id }) => id === chosen);
  return (
    <>
      <Panel
        title="From schema to model"
        note="Choose one, and what it is made of and what is made of it stays lit. What a message holds reaches a model along these ways only."
      >
        <LineageGraph nodes={nodes} chosen={node} choose={(id) => choose(id === chosen ? undefined : id)} />
      </Panel>
      <Fields catalog={catalog} node={node} />
    </>
  );
}

/** The fields of the events that are lit, and the vectors' columns. */
function Fields({
  catalog,
  node,
}: {
  readonly catalog: CatalogJson;
  readonly node: LineageNode | undefined;
}) {
  const isLit = (id: string) => node === undefined || node.id === id || node.related.has(id);
  return (
    <div class="halves">
      {catalog.events
        .filter(({ name }) => isLit(`event:${name}`))
        .map((event) => (
          <Panel
            key={event.name}
            title={event.name}
            note={`${event.doc ?? ""} Revisions ${event.revisions.join(", ")}; clocks may run ${event.max_clock_skew} ahead.`}
          >
            <Scroll label={`Fields of ${event.name}`}>
              <table>
                <thead>
                  <tr>
                    <th>Field</th>
                    <th>Type</th>
                    <th>Meaning</th>
                  </tr>
                </thead>
                <tbody>
                  {event.fields.map(({ name, type, doc }) => (
                    <tr key={name}>
                      <td class="code">{name}</td>
                      <td class="prose">{type}</td>
                      <td class="prose">
                        {name === event.event_id && <span class="chip">event id</span>}
                        {name === event.event_time && <span class="chip">event time</span>} {doc}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </Panel>
        ))}
      {catalog.services
        .filter((service) => isLit(`service:${versioned(service)}`))
        .map((service) => (
          <Panel
            key={versioned(service)}
            title={`${service.name} v${String(service.version)}`}
            note="Its vector, in order."
          >
            <ul class="vector">
              {service.columns.map(({ name, view, column }) => (
                <li key={name}>
                  <span class="code">{name}</span>
                  <span class="hint">
                    {view}
                    {column === name ? "" : `.${column}`}
                  </span>
                </li>
              ))}
              {service.on_demand.map((name) => (
                <li key={name}>
                  <span class="code">{name}</span>
                  <span class="hint">computed when asked for</span>
                </li>
              ))}
            </ul>
          </Panel>
        ))}
    </div>
  );
}
