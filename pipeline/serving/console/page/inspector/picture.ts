import type { ExplainedEventJson, PaneJson } from "../../../../core/audit/explanation-contract.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { rowsOf, type Scale, scaleOf } from "./scale.ts";
import { eventName, type Fate, fateOf, paneName, sliceName } from "./words.ts";

/** An event as it is drawn: at the time it happened, with a line to the time it was published. */
export interface EventMark {
  readonly name: string;
  /** Its number in the list, from 1. */
  readonly number: number;
  readonly fate: Fate;
  readonly event: ExplainedEventJson;
  readonly x: number;
  readonly publishedX: number;
  readonly row: number;
  /** That it happened before the picture begins. */
  readonly isBefore: boolean;
}

/** A slice with its number of events. */
export interface SliceMark {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly startMs: number;
  readonly events: number;
}

/** A window of one size that ends with the current slice. */
export interface WindowMark {
  readonly sizeMs: number;
  readonly from: number;
  readonly to: number;
  /** That it begins before the picture does. */
  readonly isCut: boolean;
  readonly events: number;
}

/** A pane as it is drawn: its right end is its window's end. */
export interface PaneMark {
  readonly name: string;
  readonly pane: PaneJson;
  readonly x: number;
  readonly row: number;
  readonly label: string;
  readonly width: number;
}

/** An instant that the rule speaks of. */
export interface LineMark {
  readonly kind: "complete" | "closed" | "at" | "current";
  readonly label: string;
  readonly ms: number;
  readonly x: number;
}

/** Everything of the picture, laid out. */
export interface Picture {
  readonly scale: Scale;
  readonly events: readonly EventMark[];
  readonly eventRows: number;
  readonly slices: readonly SliceMark[];
  readonly windows: readonly WindowMark[];
  readonly panes: readonly PaneMark[];
  readonly paneRows: number;
  readonly lines: readonly LineMark[];
}

const EVENT_ROWS = 8;
const PANE_ROWS = 9;
/** Room for the word before the pane that answers, px. */
const ANSWERS = 76;

/**
 * Lays a picture out.
 * @param width of the drawing, px
 * @param slides how much of the past is shown, in slides; undefined: all that may answer
 */
export function pictureOf(inspection: InspectionJson, width: number, slides: number | undefined): Picture {
  const { explanation, view, since, is_past: isPast } = inspection;
  const [sinceMs, currentMs, closedMs, atMs] = [
    since,
    explanation.current,
    explanation.closed,
    explanation.answer.at,
  ].map((text) => Date.parse(text)) as [number, number, number, number];
  const fromMs = slides === undefined ? sinceMs : Math.max(sinceMs, currentMs - slides * view.slide_ms);
  const scale = scaleOf(fromMs, currentMs, width);
  const { x } = scale;

  const drawn = explanation.events
    .map((event, i) => ({ event, number: i + 1, ms: Date.parse(event.event_time) }))
    .filter(({ event, ms }) => ms >= fromMs || Date.parse(event.delivered_time) >= fromMs)
    .sort((a, b) => a.ms - b.ms);
  const eventRooms = drawn.map(({ event, ms, number }) => {
    const publishedX = x(Date.parse(event.publish_time));
    return { from: x(ms) - 9, to: Math.max(x(ms) + 14 + 7 * String(number).length, publishedX + 6) };
  });
  const eventRows = rowsOf(eventRooms, EVENT_ROWS);

  const paneList = explanation.panes.filter(({ window_end }) => Date.parse(window_end) > fromMs);
  const labels = paneList.map(({ timing, seq }) => `${timing.slice(0, 1)} ${String(seq)}`);
  const widthOf = (label: string) => 10 + 7 * label.length;
  const paneRows = rowsOf(
    paneList.map(({ window_end }, i) => {
      const to = x(Date.parse(window_end));
      return { from: to - widthOf(labels[i] ?? "") - (paneList[i]?.chosen ? ANSWERS : 3), to };
    }),
    PANE_ROWS,
  );

  return {
    scale,
    events: drawn.map(({ event, number, ms }, i) => ({
      name: eventName(event),
      number,
      fate: fateOf(event),
      event,
      x: x(ms),
      publishedX: x(Date.parse(event.publish_time)),
      row: eventRows[i] ?? 0,
      isBefore: ms < fromMs,
    })),
    eventRows: 1 + Math.max(0, ...eventRows),
    slices: explanation.slices
      .map(({ start, events }) => ({ startMs: Date.parse(start), start, events }))
      .filter(({ startMs }) => startMs >= fromMs)
      .map(({ startMs, start, events }) => ({
        name: sliceName(start),
        from: x(startMs),
        to: x(startMs + view.slide_ms),
        startMs,
        events,
      })),
    windows: view.sizes_ms.map((sizeMs) => {
      const startMs = currentMs - sizeMs;
      const inside = explanation.slices.filter(({ start }) => Date.parse(start) >= startMs);
      return {
        sizeMs,
        from: x(startMs),
        to: x(currentMs),
        isCut: startMs < fromMs,
        events: inside.reduce((sum, { events }) => sum + events, 0),
      };
    }),
    panes: paneList.map((pane, i) => ({
      name: paneName(pane),
      pane,
      x: x(Date.parse(pane.window_end)),
      row: paneRows[i] ?? 0,
      label: labels[i] ?? "",
      width: widthOf(labels[i] ?? ""),
    })),
    paneRows: 1 + Math.max(0, ...paneRows),
    lines: lineMarks(inspection, { closedMs, atMs, currentMs, fromMs, isPast }, x),
  };
}

function lineMarks(
  { explanation: { complete_through: complete } }: InspectionJson,
  {
    closedMs,
    atMs,
    currentMs,
    fromMs,
    isPast,
  }: {
    readonly closedMs: number;
    readonly atMs: number;
    readonly currentMs: number;
    readonly fromMs: number;
    readonly isPast: boolean;
  },
  x: Scale["x"],
): LineMark[] {
  const lines: { kind: LineMark["kind"]; label: string; ms: number }[] = [
    ...(complete === null
      ? []
      : [{ kind: "complete" as const, label: "complete through", ms: Date.parse(complete) }]),
    { kind: "closed", label: "newest window that is over", ms: closedMs },
    { kind: "at", label: isPast ? "the instant" : "now", ms: atMs },
    { kind: "current", label: "end of the current window", ms: currentMs },
  ];
  return lines.filter(({ ms }) => ms >= fromMs).map((line) => ({ ...line, x: x(line.ms) }));
}
