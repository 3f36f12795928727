import type { ExplainedEventJson, PaneJson } from "../../../../core/audit/explanation-contract.ts";
import { formatDuration } from "../../../../core/duration.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count, duration, moment, value } from "../format.ts";
import { Fact, Facts } from "../parts/facts.tsx";
import { FateIcon } from "./shapes.tsx";
import { eventName, FATE_NAMES, fateOf, paneName, sliceName, timingName, whyOf } from "./words.ts";

/** What was selected, in full. */
export function Details({
  inspection,
  selected,
}: {
  readonly inspection: InspectionJson;
  readonly selected: string | undefined;
}) {
  const { events, panes, slices } = inspection.explanation;
  const place = events.findIndex((event) => eventName(event) === selected);
  const event = events[place];
  const pane = panes.find((each) => paneName(each) === selected);
  const slice = slices.find(({ start }) => sliceName(start) === selected);
  return (
    <div class="details" aria-live="polite">
      {event !== undefined ? (
        <EventDetails inspection={inspection} event={event} place={place} />
      ) : pane !== undefined ? (
        <PaneDetails inspection={inspection} pane={pane} />
      ) : slice !== undefined ? (
        <>
          <h3>
            Slice {clock(slice.start)} – {clock(Date.parse(slice.start) + inspection.view.slide_ms)}
          </h3>
          <p>
            {count(slice.events)} applied {slice.events === 1 ? "event" : "events"}. What they alone add up
            to:
          </p>
          <Features features={slice.features} />
        </>
      ) : (
        <p class="hint">
          Select an event, a slice or a pane, in the picture or in the lists, to see what belongs to it.
        </p>
      )}
    </div>
  );
}

function EventDetails({
  inspection: { explanation, view, values },
  event,
  place,
}: {
  readonly inspection: InspectionJson;
  readonly event: ExplainedEventJson;
  readonly place: number;
}) {
  const fate = fateOf(event);
  const publishedMs = Date.parse(event.publish_time);
  const holding = event.panes.flatMap((i) => explanation.panes[i] ?? []);
  const sliceMs = Date.parse(event.slice);
  return (
    <>
      <h3>
        <FateIcon fate={fate} /> Event {place + 1}, <span class="code">{event.event_id}</span>:{" "}
        {FATE_NAMES[fate]}
      </h3>
      <p>{whyOf(event, view)}</p>
      <Facts>
        <Fact name="Happened">{moment(event.event_time)}</Fact>
        {event.clamped && <Fact name="Its clock said">{clock(event.raw_event_time)}</Fact>}
        <Fact name="Published">
          {moment(event.publish_time)}, {duration(publishedMs - Date.parse(event.event_time))} later
        </Fact>
        {event.delivered_time !== event.publish_time && (
          <Fact name="Published again">{moment(event.delivered_time)}</Fact>
        )}
        <Fact name="Slice">
          {clock(sliceMs)} – {clock(sliceMs + view.slide_ms)}
          {event.class !== "applied" && ", which it did not join"}
        </Fact>
        {holding.length > 0 && (
          <Fact name="Held by">
            {holding
              .map((pane) => `${timingName(pane.timing)} ${clock(pane.window_end)} seq ${String(pane.seq)}`)
              .join("; ")}
          </Fact>
        )}
        <Fact name="Message">
          <span class="code">{event.message_id}</span>
        </Fact>
      </Facts>
      <pre class="code json" tabIndex={0} aria-label="The event">
        {JSON.stringify(values[place], null, 2)}
      </pre>
    </>
  );
}

function PaneDetails({
  inspection: { explanation, view },
  pane,
}: {
  readonly inspection: InspectionJson;
  readonly pane: PaneJson;
}) {
  const index = explanation.panes.indexOf(pane);
  const held = explanation.events.flatMap(({ panes }, i) => (panes.includes(index) ? [i + 1] : []));
  const endMs = Date.parse(pane.window_end);
  const longestMs = view.sizes_ms.at(-1) ?? 0;
  return (
    <>
      <h3>
        {timingName(pane.timing)} pane of {clock(endMs)}, seq {count(pane.seq)}
        {pane.chosen && <span class="chip good">answers</span>}
      </h3>
      <Facts>
        <Fact name={`Longest window, ${formatDuration(longestMs)}`}>
          {clock(endMs - longestMs)} – {clock(endMs)}
        </Fact>
        <Fact name="Readable since">
          {pane.available_at === null ? "not known: it stands online only" : clock(pane.available_at)}
        </Fact>
        <Fact name="Newest publish in it">{clock(pane.max_publish_time)}</Fact>
        <Fact name="Silent from">{clock(pane.empty_from)}</Fact>
        <Fact name="Events">{held.length === 0 ? "none of the list" : held.join(", ")}</Fact>
      </Facts>
      <Features features={pane.features} />
    </>
  );
}

function Features({ features }: { readonly features: PaneJson["features"] }) {
  return (
    <Facts>
      {Object.entries(features).map(([name, v]) => (
        <Fact key={name} name={name} code>
          {value(v)}
        </Fact>
      ))}
    </Facts>
  );
}
