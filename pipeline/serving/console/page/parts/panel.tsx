import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of a page, with a heading of its own. */
export function Panel({
  title,
  note,
  actions,
  children,
}: {
  readonly title: string;
  /** A line under the heading. */
  readonly note?: ComponentChildren;
  /** What stands at the end of the heading's line. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {actions}
      </header>
      {note !== undefined && <p class="panel-note">{note}</p>}
      {children}
    </section>
  );
}
