import type { LateEventsJson } from "../../dead-letters-contract.ts";
import { count, duration, moment } from "../format.ts";
import { href } from "../router.ts";
import { PagedList } from "./paged-list.tsx";
import { usePages } from "./pages.ts";

/** Events that came too late for a view, the newest first: each leads to its key. */
export function LateEvents({
  hours,
  view,
  reason,
}: {
  readonly hours: number;
  readonly view: string;
  readonly reason: string;
}) {
  const query = new URLSearchParams({
    hours: String(hours),
    limit: "25",
    ...(view && { view }),
    ...(reason && { reason }),
  });
  const paged = usePages<LateEventsJson>(`api/late-events?${query.toString()}`);
  const { pages, more } = paged;
  const events = pages.flatMap((page) => page.events);
  return (
    <PagedList
      paged={paged}
      what="the late events"
      isEmpty={events.length === 0}
      none={{ title: "No late events here.", text: "Every event of this span came in time for its windows." }}
    >
      <p class="hint">
        {count(events.length)}
        {more === undefined ? "" : "+"} shown
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Late events">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">Published</th>
              <th scope="col">View</th>
              <th scope="col">Reason</th>
              <th scope="col">Key</th>
              <th scope="col">Happened</th>
              <th scope="col" class="number">
                Came after
              </th>
              <th scope="col" class="number">
                Allowed
              </th>
              <th scope="col">Event</th>
            </tr>
          </thead>
          <tbody>
            {events.map((event) => (
              <tr key={`${event.view} ${event.message_id} ${event.delivered_time}`}>
                <td>{moment(event.delivered_time)}</td>
                <td>{event.view}</td>
                <td class="code">{event.reason}</td>
                <td>
                  <a class="code" href={href(["keys", event.view, event.key])}>
                    {event.key}
                  </a>
                </td>
                <td>{moment(event.event_time)}</td>
                <td class="number">{duration(event.delay_ms)}</td>
                <td class="number">
                  {event.allowed_lateness_ms === null ? "–" : duration(event.allowed_lateness_ms)}
                </td>
                <td class="code">{event.event_id}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </PagedList>
  );
}
