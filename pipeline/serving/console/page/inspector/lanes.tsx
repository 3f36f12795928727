import { formatDuration } from "../../../../core/duration.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count, moment } from "../format.ts";
import type { Picture } from "./picture.ts";
import type { Highlight } from "./selection.ts";
import { FateShape } from "./shapes.tsx";
import { FATE_NAMES, timingName } from "./words.ts";

/** Heights of what a lane consists of, px. */
export const HEIGHTS = { title: 24, event: 20, pane: 20, window: 22, slice: 26 } as const;

interface LaneProps {
  readonly picture: Picture;
  readonly top: number;
  readonly highlight: Highlight;
  readonly select: (name: string) => void;
}

function Title({ children }: { readonly children: string }) {
  return (
    <text class="lane-title" y={14}>
      {children}
    </text>
  );
}

/** Events at the time they happened, each with a line to its publish. */
export function Events({ picture: { events }, top, highlight, select }: LaneProps) {
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Events, when they happened ─ published</Title>
      {events.map(({ name, number, fate, event, x, publishedX, row, isBefore }) => (
        <g
          key={name}
          class={markClass("event", highlight.has(name), !event.was_published && "unknown")}
          transform={`translate(0 ${String(HEIGHTS.title + row * HEIGHTS.event + 10)})`}
          onClick={() => select(name)}
        >
          <title>
            {`${String(number)}: ${event.event_id}, ${FATE_NAMES[fate]}; happened ${moment(event.event_time)}, published ${moment(event.publish_time)}`}
          </title>
          <rect class="hit" x={x - 10} y={-10} width={Math.max(28, publishedX - x + 16)} height={20} />
          {publishedX - x > 8 && <path class="delay" d={`M${String(x)} 0H${String(publishedX)}m0 -4v8`} />}
          <g transform={`translate(${String(x)} 0)`}>
            {isBefore ? <path class="before" d="M4 -6 -4 0 4 6" /> : <FateShape fate={fate} />}
            <text class="number" x={fate === "clamped" ? 15 : 9} y={4}>
              {number}
            </text>
          </g>
        </g>
      ))}
      {events.length === 0 && (
        <text class="nothing" y={HEIGHTS.title + 14}>
          none in this span
        </text>
      )}
    </g>
  );
}

/** Slices with the number of events that were applied in each. */
export function Slices({ picture: { slices, scale }, top, highlight, select }: LaneProps) {
  const most = Math.max(1, ...slices.map(({ events }) => events));
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Slices, applied events in each</Title>
      <g transform={`translate(0 ${String(HEIGHTS.title)})`}>
        <rect class="ground" width={scale.width} height={HEIGHTS.slice} rx={3} />
        {slices.map(({ name, from, to, startMs, events }) => {
          const height = Math.max(4, (events / most) * (HEIGHTS.slice - 4));
          const hasRoom = to - from >= 9 * String(events).length;
          return (
            <g key={name} class={markClass("slice", highlight.has(name))} onClick={() => select(name)}>
              <title>{`slice from ${clock(startMs)}: ${count(events)} applied`}</title>
              <rect
                class="bar"
                x={from}
                y={hasRoom ? 2 : HEIGHTS.slice - height}
                width={Math.max(2, to - from - 1)}
                height={hasRoom ? HEIGHTS.slice - 4 : height}
                rx={2}
              />
              {hasRoom && (
                <text x={(from + to) / 2} y={HEIGHTS.slice / 2 + 4} text-anchor="middle">
                  {events}
                </text>
              )}
            </g>
          );
        })}
      </g>
    </g>
  );
}

/** The windows that end with the current slice, one of each size. */
export function Windows({ picture: { windows }, top }: { readonly picture: Picture; readonly top: number }) {
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Windows that end with the current slice</Title>
      {windows.map(({ sizeMs, from, to, isCut, events }, i) => {
        const y = HEIGHTS.title + i * HEIGHTS.window + 10;
        const label = `${formatDuration(sizeMs)}: ${count(events)}`;
        return (
          <g key={sizeMs} class="window" transform={`translate(0 ${String(y)})`}>
            <path d={`M${String(from)} ${isCut ? "0" : "-6v12m0 -6"}H${String(to)}m0 -6v12`} />
            <rect
              class="halo"
              x={to - 18 - 7 * label.length}
              y={-9}
              width={7 * label.length + 10}
              height={18}
            />
            <text x={to - 12} y={4} text-anchor="end">
              {label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** Panes, each with its right end at its window's end. */
export function Panes({
  picture: { panes, scale },
  top,
  highlight,
  select,
  inspection,
}: LaneProps & { readonly inspection: InspectionJson }) {
  const longestMs = inspection.view.sizes_ms.at(-1) ?? 0;
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Panes at their window’s end: Early, On time, Late, with seq</Title>
      {panes.map(({ name, pane, x, row, label, width }) => {
        const isLit = highlight.has(name);
        const y = HEIGHTS.title + row * HEIGHTS.pane;
        const endMs = Date.parse(pane.window_end);
        return (
          <g
            key={name}
            class={markClass(
              `pane ${pane.timing}`,
              isLit,
              pane.chosen && "chosen",
              !pane.was_readable && "unknown",
            )}
            onClick={() => select(name)}
          >
            <title>
              {`${timingName(pane.timing)} pane of the window that ends ${clock(endMs)}, seq ${String(pane.seq)}${pane.chosen ? ": it answers" : ""}`}
            </title>
            {isLit && (
              <path
                class="span"
                d={`M${String(scale.x(endMs - longestMs))} ${String(y + 18)}H${String(x)}`}
              />
            )}
            <rect
              class="pill"
              x={x - width}
              y={y}
              width={width}
              height={16}
              rx={pane.timing === "ON_TIME" ? 1 : 8}
            />
            <text x={x - width / 2} y={y + 12} text-anchor="middle">
              {label}
            </text>
            {pane.chosen && (
              <text class="answers" x={x - width - 6} y={y + 12} text-anchor="end">
                answers →
              </text>
            )}
          </g>
        );
      })}
      {panes.length === 0 && (
        <text class="nothing" y={HEIGHTS.title + 14}>
          none of a window that reaches the instant
        </text>
      )}
    </g>
  );
}

function markClass(base: string, isLit: boolean, ...more: readonly (string | false)[]): string {
  return ["mark-of", base, isLit && "lit", ...more].filter(Boolean).join(" ");
}
