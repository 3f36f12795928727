import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatDuration } from "../../../../core/duration.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count } from "../format.ts";
import { type LineMark, type Picture, pictureOf } from "./picture.ts";
import { ticksOf } from "./scale.ts";
import type { Highlight } from "./selection.ts";
import { FateShape } from "./shapes.tsx";
import { FATE_NAMES, moment, timingName } from "./words.ts";

const PAD = 16;
/** Numbers of the newest events stand beside them, beyond the end of the time line. */
const PAD_END = 40;
const LINE_ROW = 17;
const TITLE = 24;
const EVENT_ROW = 20;
const PANE_ROW = 20;
const WINDOW_ROW = 22;
const SLICE_HEIGHT = 26;
const GAP = 14;

interface TimelineProps {
  readonly inspection: InspectionJson;
  /** How many slides of the past are drawn; undefined: all. */
  readonly slides: number | undefined;
  readonly highlight: Highlight;
  readonly select: (name: string) => void;
}

/**
 * The picture: events, slices, windows and panes of a key on one line of time. It says nothing that the lists below don't
 * say; they are where a keyboard or a screen reader gets it.
 */
export function Timeline({ inspection, slides, highlight, select }: TimelineProps) {
  const [frame, width] = useWidth();
  const picture = useMemo(
    () => pictureOf(inspection, Math.max(200, width - PAD - PAD_END), slides),
    [inspection, width, slides],
  );
  const tops = topsOf(picture);
  return (
    <div class="timeline" ref={frame}>
      <svg
        width={width}
        height={tops.bottom}
        role="img"
        aria-label={`Time line of ${inspection.key}; the lists below tell the same`}
        class={highlight.size > 0 ? "selecting" : undefined}
      >
        <g transform={`translate(${String(PAD)} 0)`}>
          <Axis picture={picture} tops={tops} />
          <Events picture={picture} top={tops.events} highlight={highlight} select={select} />
          <Slices picture={picture} top={tops.slices} highlight={highlight} select={select} />
          <Windows picture={picture} top={tops.windows} />
          <Panes
            picture={picture}
            top={tops.panes}
            highlight={highlight}
            select={select}
            inspection={inspection}
          />
        </g>
      </svg>
    </div>
  );
}

type Tops = ReturnType<typeof topsOf>;

function topsOf({ lines, eventRows, windows, paneRows }: Picture) {
  const axis = lines.length * LINE_ROW + 8;
  const events = axis + 24;
  const slices = events + TITLE + eventRows * EVENT_ROW + GAP;
  const windowsTop = slices + TITLE + SLICE_HEIGHT + GAP;
  const panes = windowsTop + TITLE + windows.length * WINDOW_ROW + GAP;
  const bottom = panes + TITLE + paneRows * PANE_ROW + 8;
  return { axis, events, slices, windows: windowsTop, panes, bottom };
}

function Axis({ picture: { scale, lines }, tops }: { readonly picture: Picture; readonly tops: Tops }) {
  return (
    <g class="axis">
      {ticksOf(scale, 84).map((ms) => (
        <g key={ms} transform={`translate(${String(scale.x(ms))} ${String(tops.axis)})`}>
          <path class="tick" d={`M0 20V${String(tops.bottom - tops.axis)}`} />
          <text y={12} text-anchor={anchorAt(scale.x(ms), scale.width)}>
            {shortClock(ms)}
          </text>
        </g>
      ))}
      {lines.map((line, i) => (
        <Line key={line.kind} line={line} row={i} width={scale.width} tops={tops} />
      ))}
    </g>
  );
}

function Line({
  line: { kind, label, ms, x },
  row,
  width,
  tops,
}: {
  readonly line: LineMark;
  readonly row: number;
  readonly width: number;
  readonly tops: Tops;
}) {
  const isRight = x > width / 2;
  const y = 13 + row * LINE_ROW;
  return (
    <g class={`line ${kind}`} data-rule={kind}>
      <path d={`M${String(x)} ${String(y - 9)}V${String(tops.bottom)}`} />
      <text x={x + (isRight ? -6 : 6)} y={y} text-anchor={isRight ? "end" : "start"}>
        {label} {clock(ms)}
      </text>
    </g>
  );
}

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

function Events({ picture: { events }, top, highlight, select }: LaneProps) {
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Events, when they happened ─ published</Title>
      {events.map(({ name, number, fate, event, x, publishedX, row, isBefore }) => (
        <g
          key={name}
          class={markClass("event", highlight.has(name), !event.was_published && "unknown")}
          transform={`translate(0 ${String(TITLE + row * EVENT_ROW + 10)})`}
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
        <text class="nothing" y={TITLE + 14}>
          none in this span
        </text>
      )}
    </g>
  );
}

function Slices({ picture: { slices, scale }, top, highlight, select }: LaneProps) {
  const most = Math.max(1, ...slices.map(({ events }) => events));
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Slices, applied events in each</Title>
      <g transform={`translate(0 ${String(TITLE)})`}>
        <rect class="ground" width={scale.width} height={SLICE_HEIGHT} rx={3} />
        {slices.map(({ name, from, to, startMs, events }) => {
          const height = Math.max(4, (events / most) * (SLICE_HEIGHT - 4));
          const hasRoom = to - from >= 9 * String(events).length;
          return (
            <g key={name} class={markClass("slice", highlight.has(name))} onClick={() => select(name)}>
              <title>{`slice from ${clock(startMs)}: ${count(events)} applied`}</title>
              <rect
                class="bar"
                x={from}
                y={hasRoom ? 2 : SLICE_HEIGHT - height}
                width={Math.max(2, to - from - 1)}
                height={hasRoom ? SLICE_HEIGHT - 4 : height}
                rx={2}
              />
              {hasRoom && (
                <text x={(from + to) / 2} y={SLICE_HEIGHT / 2 + 4} text-anchor="middle">
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

function Windows({ picture: { windows }, top }: { readonly picture: Picture; readonly top: number }) {
  return (
    <g transform={`translate(0 ${String(top)})`}>
      <Title>Windows that end with the current slice</Title>
      {windows.map(({ sizeMs, from, to, isCut, events }, i) => {
        const y = TITLE + i * WINDOW_ROW + 10;
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

function Panes({
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
        const y = TITLE + row * PANE_ROW;
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
        <text class="nothing" y={TITLE + 14}>
          none of a window that reaches the instant
        </text>
      )}
    </g>
  );
}

function markClass(base: string, isLit: boolean, ...more: readonly (string | false)[]): string {
  return ["mark-of", base, isLit && "lit", ...more].filter(Boolean).join(" ");
}

function anchorAt(x: number, width: number): "start" | "middle" | "end" {
  if (x < 20) return "start";
  return x > width - 20 ? "end" : "middle";
}

/** Seconds where there are any. */
function shortClock(ms: number): string {
  const text = clock(ms);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

/** The width of an element, as it changes. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const measure = () => setWidth(Math.floor(current.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return [frame, width] as const;
}
