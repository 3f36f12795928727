import type { ComponentChildren } from "preact";
import { live, past } from "../live.ts";
import { count, duration, rate } from "../format.ts";
import { Freshness } from "../parts/freshness.tsx";
import { Law } from "../parts/law.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { Loading } from "../parts/states.tsx";

/** How the pipeline is at this moment, and where its messages went. */
export function OverviewPage() {
  const now = live.value;
  if (now === undefined) return <Loading what="the state of the pipeline" />;
  const points = past.value;
  const flows = now.flows.filter(({ kind }) => kind === now.flows[0]?.kind);
  const views = flows.flatMap((flow) => flow.views);
  const lags = now.views.map(({ lag_ms }) => lag_ms).filter((lag) => lag !== null);
  const worst = lags.length === 0 ? null : Math.max(...lags);
  const letters = total(flows.map(({ dead_letters }) => dead_letters));
  const lost = total(views.map((v) => v.late + (v.dropped ?? 0) + (v.window_closed ?? 0)));
  const duplicates = total(views.map(({ duplicate }) => duplicate));
  return (
    <>
      {now.problems.map((problem) => (
        <p key={problem} class="notice bad" role="alert">
          {problem}
        </p>
      ))}
      {now.source === "stores" && (
        <p class="notice">
          No job runs in this process: counts are of the committed rows, read every half minute.{" "}
          <code>npm start</code> shows the job’s own counters as well.
        </p>
      )}
      <div class="figures">
        <Figure name="Events" value={rate(now.events_per_second)} unit="/s">
          <Sparkline values={points.map(({ events_per_second }) => events_per_second)} />
        </Figure>
        <Figure name="Watermark lag" value={duration(worst)}>
          <Sparkline values={points.map(({ lag_ms }) => worstOf(lag_ms))} tone="calm" />
        </Figure>
        <Figure name="Dead letters" value={count(letters)} tone="bad" />
        <Figure name="Late" value={count(lost)} tone="warn" note="in all views" />
        <Figure
          name="Duplicates"
          value={count(duplicates)}
          note={duplicates === null ? "only a job’s counters tell" : "in all views"}
        />
      </div>
      <Law flows={now.flows} moving={(now.events_per_second ?? 0) > 0 && now.source === "job"} />
      <Freshness views={now.views} points={points} />
    </>
  );
}

/** Null where there is nothing, or a part isn't known. */
function total(parts: readonly (number | null)[]): number | null {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 || known.length < parts.length ? null : known.reduce((sum, part) => sum + part);
}

function worstOf(byView: Readonly<Record<string, number | null>>): number | null {
  const known = Object.values(byView).filter((lag) => lag !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function Figure({
  name,
  value,
  unit,
  note,
  tone = "",
  children,
}: {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly note?: string;
  readonly tone?: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class={`figure ${tone}`}>
      <p class="figure-name">{name}</p>
      <p class="figure-value">
        {value}
        {unit !== undefined && <span class="figure-unit">{unit}</span>}
      </p>
      {note !== undefined && <p class="figure-note">{note}</p>}
      {children}
    </div>
  );
}
