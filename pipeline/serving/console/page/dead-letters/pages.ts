import { useEffect, useState } from "preact/hooks";
import { type Resource, useResource } from "../resource.tsx";

/** A list that is read page by page: what was read so far, and the way to more. */
export interface Paged<P> {
  /** The page that is being read, or was read last. */
  readonly resource: Resource<P>;
  readonly pages: readonly P[];
  /** Reads the next page; undefined: there is none. */
  readonly more: (() => void) | undefined;
  /** Reads from the beginning again. */
  readonly restart: () => void;
}

/** Reads a list whose pages each name the next. @param path of the first page */
export function usePages<P extends { readonly next: string | null }>(path: string): Paged<P> {
  const [state, setState] = useState<{
    readonly path: string;
    readonly before: readonly P[];
    readonly after?: string;
  }>({ path, before: [] });
  const own = state.path === path ? state : { path, before: [] };
  const resource = useResource<P>(own.after === undefined ? path : `${path}&after=${own.after}`);
  useEffect(() => setState((last) => (last.path === path ? last : { path, before: [] })), [path]);
  const { value } = resource;
  const pages = value === undefined ? own.before : [...own.before, value];
  const next = value?.next;
  return {
    resource,
    pages,
    more: typeof next === "string" ? () => setState({ path, before: pages, after: next }) : undefined,
    restart: () => {
      setState({ path, before: [] });
      resource.reload();
    },
  };
}
