import { useLayoutEffect, useState } from "preact/hooks";
import { type LineageNode, STAGES } from "../lineage-graph.ts";
import { useWidth } from "./use-width.ts";

interface Link {
  readonly id: string;
  readonly path: string;
  readonly lit: boolean;
}

/** The stages side by side with lines between them; on a narrow screen below each other, and without. */
export function LineageGraph({
  nodes,
  chosen,
  choose,
}: {
  readonly nodes: readonly LineageNode[];
  readonly chosen: LineageNode | undefined;
  readonly choose: (id: string) => void;
}) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [links, setLinks] = useState<readonly Link[]>([]);
  const isLit = (id: string) => chosen === undefined || chosen.id === id || chosen.related.has(id);
  useLayoutEffect(() => {
    const root = ref.current;
    if (root !== null) setLinks(linksOf(root, nodes, isLit));
  }, [width, nodes.length, chosen?.id]);
  return (
    <div ref={ref} class="lineage">
      <svg aria-hidden="true">
        {links.map(({ id, path, lit }) => (
          <path key={id} d={path} class={lit ? "lit" : ""} />
        ))}
      </svg>
      {STAGES.map((stage, s) => (
        <section key={stage} aria-label={stage}>
          <h3>{stage}</h3>
          <ul>
            {nodes
              .filter(({ stage: own }) => own === s)
              .map(({ id, name, about, from }) => (
                <li key={id}>
                  <button
                    type="button"
                    data-node={id}
                    class={isLit(id) ? "" : "dim"}
                    aria-pressed={chosen?.id === id}
                    onClick={() => choose(id)}
                  >
                    <span class="code">{name}</span>
                    <span class="hint">{about}</span>
                    <span class="visually-hidden">
                      {from.length > 0 && `made of ${from.map((each) => each.replace(":", " ")).join(", ")}`}
                    </span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** Lines from what something is made of to it, where they stand side by side. */
function linksOf(root: HTMLElement, nodes: readonly LineageNode[], isLit: (id: string) => boolean): Link[] {
  const origin = root.getBoundingClientRect();
  const boxes = new Map(
    [...root.querySelectorAll<HTMLElement>("[data-node]")].map((each) => [
      each.dataset["node"] ?? "",
      each.getBoundingClientRect(),
    ]),
  );
  return nodes.flatMap(({ id, from }) =>
    from.flatMap((source): Link[] => {
      const [a, b] = [boxes.get(source), boxes.get(id)];
      if (a === undefined || b === undefined || b.left < a.right) return [];
      const [x1, y1] = [a.right - origin.left, a.top + a.height / 2 - origin.top];
      const [x2, y2] = [b.left - origin.left, b.top + b.height / 2 - origin.top];
      const half = (x1 + x2) / 2;
      const path = `M${String(x1)} ${String(y1)} C${[half, y1, half, y2, x2, y2].join(" ")}`;
      return [{ id: `${source} ${id}`, path, lit: isLit(source) && isLit(id) }];
    }),
  );
}
