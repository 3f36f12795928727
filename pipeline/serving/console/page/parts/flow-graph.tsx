import type { FlowJson } from "../../contract.ts";
import {
  type FlowDrawing,
  type FlowEdge,
  type FlowNode,
  narrowDrawing,
  wideDrawing,
} from "../flow-drawing.ts";
import { compact, count } from "../format.ts";
import { useWidth } from "./use-width.ts";

const WIDE_FROM = 680;

/** The way of all messages, drawn to fit; its numbers as a table stand below it for whoever can't see it. */
export function FlowGraph({ flow, moving }: { readonly flow: FlowJson; readonly moving: boolean }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const drawing = width > 0 && width < WIDE_FROM ? narrowDrawing(flow) : wideDrawing(flow);
  return (
    <div ref={ref} class="flow">
      {width > 0 && <Picture drawing={drawing} moving={moving} />}
    </div>
  );
}

function Picture({ drawing, moving }: { readonly drawing: FlowDrawing; readonly moving: boolean }) {
  const { width, height, nodes, edges, titles, node } = drawing;
  const box = `-2 -2 ${String(width + 4)} ${String(height + 4)}`;
  return (
    <svg
      viewBox={box}
      class={drawing.exits}
      style={{ maxWidth: `${String(width)}px` }}
      role="img"
      aria-label="The way of the messages; the table below has its numbers."
    >
      {edges.map((edge) => (
        <Edge key={edge.id} edge={edge} moving={moving} beside={drawing.exits === "beside"} />
      ))}
      {titles.map(({ text, x, y }) => (
        <text key={text} class="flow-title" x={x} y={y}>
          {text}
        </text>
      ))}
      {nodes.map((each) => (
        <Station key={each.id} node={each} {...node} />
      ))}
    </svg>
  );
}

function Station({
  node,
  width,
  height,
}: {
  readonly node: FlowNode;
  readonly width: number;
  readonly height: number;
}) {
  const x = node.x + width / 2;
  return (
    <g class="flow-node">
      <title>{`${node.label}: ${count(node.count)}`}</title>
      <rect x={node.x} y={node.y} width={width} height={height} rx="7" />
      <text class="flow-count" x={x} y={node.y + 20}>
        {compact(node.count)}
      </text>
      <text class="flow-label" x={x} y={node.y + 36}>
        {node.label}
      </text>
    </g>
  );
}

/** A way that more messages took than a moment ago lights up: its count as a key begins the animation anew. */
function Edge({
  edge,
  moving,
  beside,
}: {
  readonly edge: FlowEdge;
  readonly moving: boolean;
  readonly beside: boolean;
}) {
  const { id, kind, path, width, label } = edge;
  return (
    <g class={`flow-edge ${kind}${edge.count === 0 ? " none" : ""}`} data-edge={id} data-count={edge.count}>
      <path d={path} stroke-width={width} />
      {label === undefined ? (
        moving && <path class="stream" d={path} />
      ) : (
        <g key={edge.count} class="flow-exit">
          <title>{`${label.text}: ${count(edge.count)}`}</title>
          <text x={beside ? label.x + 8 : label.x} y={beside ? label.y + 4 : label.y + 14}>
            <tspan class="flow-exit-count">{compact(edge.count)}</tspan>
            <tspan {...(beside ? { dx: 5 } : { x: label.x, dy: 14 })}>{label.text}</tspan>
          </text>
        </g>
      )}
    </g>
  );
}
