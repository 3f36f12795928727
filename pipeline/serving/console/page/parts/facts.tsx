import type { ComponentChildren } from "preact";

/** What is known of a thing, name by name: `Fact`s beside each other. */
export function Facts({
  children,
  wide = false,
}: {
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}) {
  return <dl class={wide ? "known counts" : "known"}>{children}</dl>;
}

/** One thing that is known. */
export function Fact({
  name,
  code = false,
  children,
}: {
  readonly name: string;
  /** Whether the name is one of the data's own. */
  readonly code?: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <div>
      <dt class={code ? "code" : undefined}>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
