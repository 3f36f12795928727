import type { InspectionJson } from "../../inspector-contract.ts";
import { eventName, paneName, sliceName } from "./words.ts";

/** What is to stand out: the thing that was selected, and all that belongs to it. */
export type Highlight = ReadonlySet<string>;

/**
 * What belongs together: an event, the slice it fell into and the panes that hold it; a pane and its events; a slice and
 * its events.
 * @param selected a name of `words.ts`; undefined: nothing is selected
 */
export function highlightOf({ explanation }: InspectionJson, selected: string | undefined): Highlight {
  if (selected === undefined) return new Set();
  const { events, panes } = explanation;
  const names = new Set([selected]);
  for (const event of events) {
    const name = eventName(event);
    const holding = event.panes.flatMap((i) => panes[i] ?? []).map(paneName);
    if (name === selected) {
      for (const pane of holding) names.add(pane);
      if (event.class === "applied") names.add(sliceName(event.slice));
    } else if (holding.includes(selected)) {
      names.add(name);
    } else if (event.class === "applied" && sliceName(event.slice) === selected) {
      names.add(name);
    }
  }
  return names;
}
