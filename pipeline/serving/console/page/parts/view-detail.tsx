import type { CatalogJson, ViewGenerationsJson, ViewJson } from "../../contract.ts";
import { usersOf, versioned } from "../names.ts";
import { count, moment, value } from "../format.ts";
import { Remote, useResource } from "../resource.tsx";
import { href } from "../router.ts";
import { Fact } from "./fact.tsx";
import { Panel } from "./panel.tsx";
import { Samples } from "./samples.tsx";
import { Empty } from "./states.tsx";
import { Scroll } from "./scroll.tsx";

/** All of one view: how it is defined, who uses it, and what its rows hold. */
export function ViewDetail({ catalog, view }: { readonly catalog: CatalogJson; readonly view: ViewJson }) {
  const users = usersOf(view, catalog.services);
  return (
    <>
      <p>
        <a href={href("views")}>All views</a>
      </p>
      <Panel
        title={view.name}
        note={`Version ${String(view.version)}. A change of sizes, slide or features is another version, with state and tables of its own.`}
      >
        <dl class="facts wide">
          <Fact name="Entity">
            {view.entity}, by <span class="code">{view.key_field}</span>
          </Fact>
          <Fact name="Made of">
            <a href={href("lineage")}>{view.source}</a>
          </Fact>
          <Fact name="Windows">
            {view.sizes.join(", ")}, sliding by {view.slide}
          </Fact>
          <Fact name="Early panes">{view.early === null ? "none" : `after ${view.early}`}</Fact>
          <Fact name="Late after">
            {view.allowed_lateness}; then{" "}
            {view.late_policy === "drop" ? "dropped, and counted" : "a row among the late events"}
          </Fact>
          <Fact name="Declared freshness">{view.freshness}</Fact>
          <Fact name="Strategy">
            {view.strategy}, {view.shards} shards
          </Fact>
          <Fact name="Used by">
            {users.length === 0
              ? "no service"
              : users.map((service) => (
                  <a key={versioned(service)} class="listed" href={href(["services", versioned(service)])}>
                    {service.name} v{service.version}
                  </a>
                ))}
          </Fact>
        </dl>
        <Scroll label="Columns">
          <table>
            <thead>
              <tr>
                <th>Column</th>
                <th>Aggregation</th>
                <th>Size</th>
                <th>Type</th>
                <th>Default</th>
                <th>Served as</th>
              </tr>
            </thead>
            <tbody>
              {view.columns.map((column) => (
                <tr key={column.name}>
                  <td class="code">{column.name}</td>
                  <td>{column.aggregation}</td>
                  <td>{column.size}</td>
                  <td>{column.type}</td>
                  <td class="code">{value(column.default)}</td>
                  <td>{servedAs(catalog, view, column.name)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Panel>
      <Samples view={view} />
      <Generations view={view} serving={catalog.generation} />
    </>
  );
}

function servedAs({ services }: CatalogJson, view: ViewJson, column: string): string {
  const uses = services.flatMap(({ name, columns }) =>
    columns
      .filter(
        (each) => each.view === view.name && each.view_version === view.version && each.column === column,
      )
      .map((each) => (each.name === column ? name : `${name}: ${each.name}`)),
  );
  return uses.join(", ") || "–";
}

function Generations({ view, serving }: { readonly view: ViewJson; readonly serving: number }) {
  const generations = useResource<ViewGenerationsJson>(`api/views/${versioned(view)}/generations`);
  return (
    <Panel
      title="Versions and generations"
      note="A generation is one run of the pipeline from its cold start. Of the last week."
    >
      <Remote of={generations} what="the generations">
        {({ generations: found }) =>
          found.length === 0 ? (
            <Empty title="No pane was written in the last week." />
          ) : (
            <Scroll label="Generations">
              <table>
                <thead>
                  <tr>
                    <th>Version</th>
                    <th>Generation</th>
                    <th>Origin</th>
                    <th class="number">Panes</th>
                    <th>First window end</th>
                    <th>Last window end</th>
                    <th>Last written</th>
                  </tr>
                </thead>
                <tbody>
                  {found.map((each) => (
                    <tr key={`${String(each.version)}/${String(each.generation)}/${each.origin}`}>
                      <td>{each.version}</td>
                      <td>
                        {each.generation}{" "}
                        {each.generation === serving && each.version === view.version && (
                          <span class="chip good">served</span>
                        )}
                      </td>
                      <td>{each.origin}</td>
                      <td class="number">{count(each.panes)}</td>
                      <td title={each.first_window_end}>{moment(each.first_window_end)}</td>
                      <td title={each.last_window_end}>{moment(each.last_window_end)}</td>
                      <td title={each.last_available_at}>{moment(each.last_available_at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Remote>
    </Panel>
  );
}
