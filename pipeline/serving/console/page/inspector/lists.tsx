import type { ComponentChildren } from "preact";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count, duration, moment } from "../format.ts";
import type { Highlight } from "./selection.ts";
import { FateIcon } from "./shapes.tsx";
import { eventName, FATE_NAMES, fateOf, paneName, timingName } from "./words.ts";

interface ListProps {
  readonly inspection: InspectionJson;
  readonly selected: string | undefined;
  readonly highlight: Highlight;
  readonly select: (name: string) => void;
}

/** Every event of the picture, in publish order. */
export function EventList({ inspection, selected, highlight, select }: ListProps) {
  const { events } = inspection.explanation;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Events, in publish order">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">What became of it</th>
            <th scope="col">Happened</th>
            <th scope="col" class="number">
              Published after
            </th>
            <th scope="col" class="number">
              Panes
            </th>
            <th scope="col" class="number">
              Readable after
            </th>
          </tr>
        </thead>
        <tbody>
          {events.map((event, i) => {
            const name = eventName(event);
            const fate = fateOf(event);
            const published = Date.parse(event.publish_time);
            const first = event.first_pane?.available_at;
            return (
              <tr key={name} class={highlight.has(name) ? "lit" : undefined}>
                <Pick
                  label={`Event ${String(i + 1)}: ${event.event_id}`}
                  isSelected={selected === name}
                  onPick={() => select(name)}
                >
                  <span class="number">{i + 1}</span> <span class="code">{event.event_id}</span>
                </Pick>
                <td class="fate">
                  <FateIcon fate={fate} /> {FATE_NAMES[fate]}
                  {!event.was_published && <span class="hint"> after the instant</span>}
                </td>
                <td>{moment(event.event_time)}</td>
                <td class="number">{duration(published - Date.parse(event.event_time))}</td>
                <td class="number">{count(event.panes.length)}</td>
                <td class="number">
                  {first === undefined || first === null ? "–" : duration(Date.parse(first) - published)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** Every pane of the picture, the newest first. */
export function PaneList({ inspection, selected, highlight, select }: ListProps) {
  const { panes } = inspection.explanation;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Panes, the newest first">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Window end</th>
            <th scope="col">Timing</th>
            <th scope="col" class="number">
              Seq
            </th>
            <th scope="col">Readable since</th>
            <th scope="col">Stores</th>
            <th scope="col">Silent from</th>
          </tr>
        </thead>
        <tbody>
          {panes.toReversed().map((pane) => {
            const name = paneName(pane);
            return (
              <tr key={name} class={highlight.has(name) ? "lit" : undefined}>
                <Pick
                  label={`Pane of ${clock(pane.window_end)}, seq ${String(pane.seq)}`}
                  isSelected={selected === name}
                  onPick={() => select(name)}
                >
                  {clock(pane.window_end)}
                </Pick>
                <td>
                  {timingName(pane.timing)}
                  {pane.chosen && <span class="chip good">answers</span>}
                </td>
                <td class="number">{count(pane.seq)}</td>
                <td>{pane.available_at === null ? "–" : clock(pane.available_at)}</td>
                <td>{pane.online && pane.offline ? "both" : pane.online ? "online only" : "offline only"}</td>
                <td>{clock(pane.empty_from)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

interface PickProps {
  readonly label: string;
  readonly isSelected: boolean;
  readonly onPick: () => void;
  readonly children: ComponentChildren;
}

/** What a row is called: a button that selects it here and in the picture. */
function Pick({ label, isSelected, onPick, children }: PickProps) {
  return (
    <th scope="row">
      <button type="button" class="pick" aria-pressed={isSelected} aria-label={label} onClick={onPick}>
        {children}
      </button>
    </th>
  );
}
