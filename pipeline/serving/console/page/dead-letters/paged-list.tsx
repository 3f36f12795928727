import type { ComponentChildren } from "preact";
import { Empty, Failed, Loading } from "../parts/states.tsx";
import type { Paged } from "./pages.ts";

/** A list that is read page by page: what there is, or why there is nothing, and the way to more. */
export function PagedList<P>({
  paged: { resource, more },
  what,
  isEmpty,
  none,
  children,
}: {
  readonly paged: Paged<P>;
  /** For a person: `the dead letters`. */
  readonly what: string;
  readonly isEmpty: boolean;
  /** What it means that there is nothing. */
  readonly none: { readonly title: string; readonly text: string };
  readonly children: ComponentChildren;
}) {
  const { problem, value, loading, reload } = resource;
  const failed = problem !== undefined && <Failed what={what} problem={problem} retry={reload} />;
  if (isEmpty) {
    if (failed) return failed;
    if (value === undefined) return <Loading what={what} />;
    return (
      <Empty title={none.title}>
        <p>{none.text}</p>
      </Empty>
    );
  }
  return (
    <>
      {children}
      {failed}
      {more !== undefined && (
        <p>
          <button type="button" onClick={more}>
            Older ones
          </button>
        </p>
      )}
      {loading && <Loading what="more" />}
    </>
  );
}
