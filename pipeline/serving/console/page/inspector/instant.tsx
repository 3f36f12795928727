import { formatDuration } from "../../../../core/duration.ts";
import { formatInstant } from "../../../../core/instant.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, duration } from "../format.ts";
import { go, href } from "../router.ts";

interface InstantProps {
  readonly inspection: InspectionJson | undefined;
  readonly view: string;
  readonly entity: string;
  readonly at: string | undefined;
  readonly following: boolean;
  readonly setFollowing: (following: boolean) => void;
  readonly loading: boolean;
}

/** Which instant is explained: now, followed or held, or one of the past, slide by slide. */
export function Instant({ inspection, view, entity, at, following, setFollowing, loading }: InstantProps) {
  const to = (ms: number | undefined) =>
    go(href(["keys", view, entity], { at: ms === undefined ? undefined : formatInstant(ms) }), true);
  const slideMs = inspection?.view.slide_ms ?? 60_000;
  const shownMs =
    at === undefined ? inspection && Date.parse(inspection.explanation.answer.at) : Date.parse(at);
  const step = (slides: number) => {
    if (shownMs === undefined || Number.isNaN(shownMs)) return;
    const aim = shownMs + slides * slideMs;
    to(aim >= Date.now() ? undefined : aim);
  };
  const refreshMs = inspection?.refresh_ms ?? 0;
  return (
    <div class="instant" role="group" aria-label="The instant that is explained">
      <div class="steps">
        <button type="button" onClick={() => step(-10)} aria-label={`${formatDuration(10 * slideMs)} back`}>
          « {formatDuration(10 * slideMs)}
        </button>
        <button type="button" onClick={() => step(-1)} aria-label={`${formatDuration(slideMs)} back`}>
          ‹ {formatDuration(slideMs)}
        </button>
        <button
          type="button"
          onClick={() => step(1)}
          disabled={at === undefined}
          aria-label={`${formatDuration(slideMs)} forward`}
        >
          {formatDuration(slideMs)} ›
        </button>
        <button type="button" onClick={() => to(undefined)} disabled={at === undefined}>
          Now
        </button>
        <label>
          <span class="visually-hidden">Another instant</span>
          <input
            type="datetime-local"
            step={1}
            value={localText(shownMs)}
            onChange={({ currentTarget }) => {
              const ms = new Date(currentTarget.value).getTime();
              if (!Number.isNaN(ms)) to(ms >= Date.now() ? undefined : ms);
            }}
          />
        </label>
      </div>
      <p class="shown" role="status">
        {loading && <span class="spinner" aria-hidden="true" />}
        {at === undefined ? "Now" : "Past"}: {clock(shownMs)}
        {at !== undefined && shownMs !== undefined && (
          <span class="hint"> {duration(Date.now() - shownMs)} ago</span>
        )}
      </p>
      {at === undefined && (
        <label class="follow">
          <input
            type="checkbox"
            checked={following}
            onChange={({ currentTarget }) => setFollowing(currentTarget.checked)}
          />
          Follow, every {duration(Math.max(1_000, refreshMs))}
        </label>
      )}
    </div>
  );
}

/** As a `datetime-local` field has it: local time, to the second. */
function localText(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return "";
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
