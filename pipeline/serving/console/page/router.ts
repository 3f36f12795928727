import { computed, signal } from "@preact/signals";

/** Where a person is: `#/views/user_purchases?column=spend_1h` → `["views", "user_purchases"]`. */
export interface Route {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

/** The page that is shown. */
export const route = computed(() => parseRoute(hash.value));

/** Reads a hash. What can't be decoded stands for itself. */
export function parseRoute(text: string): Route {
  const [path = "", query = ""] = text.replace(/^#\/?/, "").split("?", 2);
  return {
    segments: path.split("/").filter(Boolean).map(decoded),
    query: new URLSearchParams(query),
  };
}

/** The address of a page: `href("views", "a b")` → `#/views/a%20b`. Empty values of the query are left out. */
export function href(
  segments: readonly string[] | string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = (typeof segments === "string" ? [segments] : segments).map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const search = new URLSearchParams(given).toString();
  return `#/${path}${search === "" ? "" : `?${search}`}`;
}

/**
 * Goes to a page.
 * @param [replace=false] whether the browser's way back leads past the page that was shown
 */
export function go(address: string, replace = false): void {
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, "", address);
  hash.value = location.hash;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
