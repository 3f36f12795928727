import type { OutcomeJson, OutcomesJson } from "../../dead-letters-contract.ts";
import { formatDuration } from "../../../../core/duration.ts";
import { count, moment } from "../format.ts";

interface SummaryProps {
  readonly outcomes: OutcomesJson;
  readonly what: "dead_letters" | "late_events";
  /** The source and reason that the list is of; empty: all. */
  readonly chosen: { readonly source: string; readonly reason: string };
  readonly hrefOf: (source: string, reason: string) => string;
}

/** How many there are by source and reason, and when they came. */
export function Summary({ outcomes, what, chosen, hrefOf }: SummaryProps) {
  const all = outcomes[what];
  const most = Math.max(1, ...all.flatMap(({ counts }) => counts));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Counts by reason">
      <table class="reasons">
        <thead>
          <tr>
            <th scope="col">Reason</th>
            <th scope="col">{what === "dead_letters" ? "Event" : "View"}</th>
            <th scope="col" class="number">
              Messages
            </th>
            <th scope="col">Newest</th>
            <th scope="col">
              Since {moment(outcomes.since)}, each bar {formatDuration(outcomes.span_ms)}
            </th>
          </tr>
        </thead>
        <tbody>
          {all.map((outcome) => {
            const isChosen = outcome.reason === chosen.reason && outcome.source === chosen.source;
            return (
              <tr key={`${outcome.source} ${outcome.reason}`} class={isChosen ? "lit" : undefined}>
                <th scope="row">
                  <a
                    class="code"
                    href={isChosen ? hrefOf("", "") : hrefOf(outcome.source, outcome.reason)}
                    aria-current={isChosen ? "true" : undefined}
                  >
                    {outcome.reason}
                  </a>
                </th>
                <td>{outcome.source}</td>
                <td class="number">{count(outcome.total)}</td>
                <td>{moment(outcome.newest)}</td>
                <td>
                  <Bars outcome={outcome} most={most} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Bars({
  outcome: { counts, reason, total },
  most,
}: {
  readonly outcome: OutcomeJson;
  readonly most: number;
}) {
  const peak = Math.max(...counts);
  return (
    <svg
      class="reason-bars"
      viewBox={`0 0 ${String(counts.length * 5)} 28`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${reason}: ${count(total)} in all, at most ${count(peak)} in a bar`}
    >
      {counts.map((n, i) => {
        const height = n === 0 ? 1 : Math.max(3, (n / most) * 28);
        return (
          <rect
            key={i}
            class={n === 0 ? "empty" : undefined}
            x={i * 5}
            y={28 - height}
            width={4}
            height={height}
          />
        );
      })}
    </svg>
  );
}
