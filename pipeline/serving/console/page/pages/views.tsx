import type { CatalogJson } from "../../contract.ts";
import { useCatalog } from "../catalog.ts";
import { live } from "../live.ts";
import { named, usersOf, versioned } from "../names.ts";
import { Fact } from "../parts/fact.tsx";
import { State } from "../parts/freshness.tsx";
import { Empty } from "../parts/states.tsx";
import { ViewDetail } from "../parts/view-detail.tsx";
import { Remote } from "../resource.tsx";
import { href, type Route } from "../router.ts";

/** All feature views, or one: `#/views/user_purchases`. */
export function ViewsPage({ segments: [text] }: Route) {
  return (
    <Remote of={useCatalog()} what="the definitions">
      {(catalog) => (text === undefined ? <List catalog={catalog} /> : <One catalog={catalog} text={text} />)}
    </Remote>
  );
}

function One({ catalog, text }: { readonly catalog: CatalogJson; readonly text: string }) {
  const view = named(catalog.views, text);
  if (view === undefined) {
    return (
      <Empty title={`There is no view ${text}.`}>
        <a href={href("views")}>All views</a>
      </Empty>
    );
  }
  return <ViewDetail key={versioned(view)} catalog={catalog} view={view} />;
}

function List({ catalog: { views, services } }: { readonly catalog: CatalogJson }) {
  return (
    <ul class="cards">
      {views.map((view) => {
        const now = live.value?.views.find(
          (each) => each.view === view.name && each.version === view.version,
        );
        const users = usersOf(view, services);
        return (
          <li key={versioned(view)} class="panel">
            <header class="panel-head">
              <h2>
                <a class="code" href={href(["views", versioned(view)])}>
                  {view.name}
                </a>
              </h2>
              {now !== undefined && <State view={now} />}
            </header>
            <p class="panel-note">
              version {view.version} · of each {view.entity}, by <span class="code">{view.key_field}</span>
            </p>
            <dl class="facts">
              <Fact name="Made of">{view.source}</Fact>
              <Fact name="Columns">{view.columns.length}</Fact>
              <Fact name="Windows">
                {view.sizes.join(", ")} by {view.slide}
              </Fact>
              <Fact name="Used by">{users.map(({ name }) => name).join(", ") || "no service"}</Fact>
            </dl>
          </li>
        );
      })}
    </ul>
  );
}
