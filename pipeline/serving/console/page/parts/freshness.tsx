import type { HistoryPointJson, LiveViewJson } from "../../contract.ts";
import { clock, duration } from "../format.ts";
import { href } from "../router.ts";
import { Panel } from "./panel.tsx";
import { Sparkline } from "./sparkline.tsx";
import { Scroll } from "./scroll.tsx";

/** How fresh each view is, against what it declares. */
export function Freshness({
  views,
  points,
}: {
  readonly views: readonly LiveViewJson[];
  readonly points: readonly HistoryPointJson[];
}) {
  return (
    <Panel
      title="Freshness"
      note="p50 and p99: from publish to readable online, of the last early panes. Behind: how long ago all on-time rows were complete; answers are stale where that exceeds what the view declares."
    >
      <Scroll label="Freshness of each view">
        <table class="freshness">
          <thead>
            <tr>
              <th>View</th>
              <th class="number">p50</th>
              <th class="number">p99</th>
              <th>p99, 5 minutes</th>
              <th class="number">Behind</th>
              <th>Of the declared</th>
              <th>Complete through</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {views.map((view) => (
              <tr key={view.view}>
                <td>
                  <a class="code" href={href(["views", view.view])}>
                    {view.view}
                  </a>
                </td>
                <td class="number">{duration(view.p50_ms)}</td>
                <td class="number">{duration(view.p99_ms)}</td>
                <td>
                  <Sparkline values={points.map(({ p99_ms }) => p99_ms[view.view] ?? null)} />
                </td>
                <td class="number">{duration(view.lag_ms)}</td>
                <td>
                  <Share part={view.lag_ms} whole={view.freshness_slo_ms} />
                </td>
                <td>{clock(view.complete_through)}</td>
                <td>
                  <State view={view} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

/** Whether a view's answers are fresh. */
export function State({ view: { lag_ms, freshness_slo_ms } }: { readonly view: LiveViewJson }) {
  if (lag_ms === null) return <span class="chip">nothing complete yet</span>;
  return lag_ms <= freshness_slo_ms ? (
    <span class="chip good">✓ fresh</span>
  ) : (
    <span class="chip bad">✗ stale</span>
  );
}

function Share({ part, whole }: { readonly part: number | null; readonly whole: number }) {
  const filled = part === null ? 0 : Math.min(1, part / whole);
  return (
    <span class="share">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="share-whole" width="100" height="8" />
        <rect
          class={part !== null && part > whole ? "share-over" : "share-part"}
          width={100 * filled}
          height="8"
        />
      </svg>
      {duration(whole)}
    </span>
  );
}
