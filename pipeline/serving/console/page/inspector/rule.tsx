import { formatDuration } from "../../../../core/duration.ts";
import type { InspectionJson } from "../../inspector-contract.ts";
import { clock, count, duration } from "../format.ts";
import { FeatureTable } from "../parts/feature-table.tsx";
import { timingName } from "./words.ts";

/** The answer's rule, step by step, with the numbers of this key. */
export function Rule({ inspection }: { readonly inspection: InspectionJson }) {
  const { explanation, view, is_past: isPast } = inspection;
  const { answer, closed, current, complete_through: complete, panes, columns, recomputed } = explanation;
  const chosen = panes.find((pane) => pane.chosen);
  const readable = panes.filter((pane) => pane.was_readable).length;
  const atMs = Date.parse(answer.at);
  return (
    <ol class="rule">
      <li>
        <h3>Which window is it?</h3>
        <p>
          {isPast ? "The instant is" : "It is"} <b>{clock(answer.at)}</b>. A window ends every{" "}
          {formatDuration(view.slide_ms)}: the newest that is over ended <b>{clock(closed)}</b>, the current
          one ends <b>{clock(current)}</b>.
        </p>
      </li>
      <li>
        <h3>Which pane answers?</h3>
        {chosen === undefined ? (
          <p>
            None of {count(readable)} readable {readable === 1 ? "pane" : "panes"} reaches this instant, so
            every feature has its default.
          </p>
        ) : (
          <p>
            Of {count(readable)} readable {readable === 1 ? "pane" : "panes"} the one with the greatest window
            end, then the greatest seq: the{" "}
            <b>
              {timingName(chosen.timing)} pane of {clock(chosen.window_end)}
            </b>
            , seq <b>{count(chosen.seq)}</b>. It says nothing from <b>{clock(chosen.empty_from)}</b> on.
          </p>
        )}
      </li>
      <li>
        <h3>Does each feature still hold?</h3>
        <p>
          A feature has its default once its last event has left its window, by the newest window that is
          over.
        </p>
        <FeatureTable
          label="The answer, feature by feature"
          columns={[{ head: "Its events leave" }]}
          features={columns.map(({ leaves, ...column }) => ({ ...column, more: [leaving(leaves, closed)] }))}
        />
      </li>
      <li>
        <h3>How fresh is it?</h3>
        <p>
          {complete === null ? (
            <>It isn’t known up to when all rows are readable: </>
          ) : (
            <>
              All on-time rows up to <b>{clock(complete)}</b> are readable,{" "}
              {duration(Math.max(0, atMs - Date.parse(complete)))} before; {formatDuration(view.freshness_ms)}{" "}
              is promised:{" "}
            </>
          )}
          <span class={`chip ${answer.stale ? "warn" : "good"}`}>{answer.stale ? "STALE" : "fresh"}</span> as
          of <b>{clock(answer.as_of)}</b>.
        </p>
      </li>
      {chosen !== undefined && recomputed !== null && (
        <li>
          <h3>Do the events add up?</h3>
          <p>
            {recomputed.seq === chosen.seq
              ? `✓ The archive’s events of this pane’s window are ${count(recomputed.seq)} as well.`
              : `The archive has ${count(recomputed.seq)} events of this pane’s window by now, the pane ${count(chosen.seq)}: newer ones are on their way, or freshet parity says why.`}
          </p>
        </li>
      )}
    </ol>
  );
}

/** When a feature's events leave, beside the end that it is held to. */
function leaving(leaves: string | null, closed: string): string {
  if (leaves === null) return clock(null);
  return `${clock(leaves)} ${Date.parse(leaves) <= Date.parse(closed) ? "≤" : ">"} ${clock(closed)}`;
}
