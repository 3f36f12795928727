import type { ComponentType } from "preact";
import { DeadLettersPage } from "./pages/dead-letters.tsx";
import { KeysPage } from "./pages/keys.tsx";
import { LineagePage } from "./pages/lineage.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ServicesPage } from "./pages/services.tsx";
import { ViewsPage } from "./pages/views.tsx";
import type { Route } from "./router.ts";

/** A page of the console. */
export interface Page {
  /** The first segment of its address; empty: the page that one comes to. */
  readonly path: string;
  readonly title: string;
  /** Shows it; `segments` are those after `path`. */
  readonly show: ComponentType<Route>;
}

/** All pages, as they stand in the navigation. */
export const PAGES: readonly Page[] = [
  { path: "", title: "Overview", show: OverviewPage },
  { path: "views", title: "Views", show: ViewsPage },
  { path: "keys", title: "Key inspector", show: KeysPage },
  { path: "services", title: "Services", show: ServicesPage },
  { path: "dead-letters", title: "Dead letters", show: DeadLettersPage },
  { path: "lineage", title: "Lineage", show: LineagePage },
];
