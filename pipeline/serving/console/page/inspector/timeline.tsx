import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock } from "../format.ts";
import { Events, HEIGHTS, Panes, Slices, Windows } from "./lanes.tsx";
import { type LineMark, type Picture, pictureOf } from "./picture.ts";
import { ticksOf } from "./scale.ts";
import type { Highlight } from "./selection.ts";

const PAD = 16;
/** Numbers of the newest events stand beside them, beyond the end of the time line. */
const PAD_END = 40;
const LINE_ROW = 17;
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
  const slices = events + HEIGHTS.title + eventRows * HEIGHTS.event + GAP;
  const windowsTop = slices + HEIGHTS.title + HEIGHTS.slice + GAP;
  const panes = windowsTop + HEIGHTS.title + windows.length * HEIGHTS.window + GAP;
  const bottom = panes + HEIGHTS.title + paneRows * HEIGHTS.pane + 8;
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
