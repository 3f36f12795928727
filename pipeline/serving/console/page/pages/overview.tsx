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
  const [flow] = now.flows;
  const lags = now.views.map(({ lag_ms }) => lag_ms).filter((lag) => lag !== null);
  const worst = lags.length === 0 ? null : Math.max(...lags);
  const lost = flow?.views.reduce((sum, v) => sum + v.late + (v.dropped ?? 0) + (v.window_closed ?? 0), 0);
  const duplicates = flow?.views.reduce<number | null>(
    (sum, { duplicate }) => (duplicate === null ? null : (sum ?? 0) + duplicate),
    0,
  );
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
        <Figure name="Dead letters" value={count(flow?.dead_letters)} tone="bad" />
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
