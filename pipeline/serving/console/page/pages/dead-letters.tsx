import type { OutcomesJson } from "../../dead-letters-contract.ts";
import { LateEvents } from "../dead-letters/late.tsx";
import { Letters } from "../dead-letters/letters.tsx";
import { Summary } from "../dead-letters/summary.tsx";
import { count } from "../format.ts";
import { Panel } from "../parts/panel.tsx";
import { Remote, useResource } from "../resource.tsx";
import { go, href, type Route } from "../router.ts";

const SPANS = { 1: "1 hour", 24: "24 hours", 168: "7 days", 720: "30 days" } as const;
const EVERY_MS = 15_000;

/** `#/dead-letters?list=late&hours=24&reason=R&source=S`: what became no event, and what came too late. */
export function DeadLettersPage({ query }: Route) {
  const list = query.get("list") === "late" ? "late_events" : "dead_letters";
  const asked = Number(query.get("hours"));
  const hours = asked in SPANS ? asked : 24;
  const reason = query.get("reason") ?? "";
  const source = query.get("source") ?? "";
  const summary = useResource<OutcomesJson>(`api/dead-letters/summary?hours=${String(hours)}`, EVERY_MS);
  const to = (changes: Readonly<Record<string, string>>) =>
    href("dead-letters", {
      list: list === "late_events" ? "late" : "",
      hours: hours === 24 ? "" : String(hours),
      source,
      reason,
      ...changes,
    });
  return (
    <Remote of={summary} what="what was left out">
      {(outcomes) => {
        const total = (what: "dead_letters" | "late_events") =>
          outcomes[what].reduce((sum, each) => sum + each.total, 0);
        const isEmpty = outcomes[list].length === 0;
        return (
          <>
            <div class="bar-of-list">
              <nav class="tabs" aria-label="What is shown">
                <a
                  href={to({ list: "", source: "", reason: "" })}
                  aria-current={list === "dead_letters" ? "page" : undefined}
                >
                  Dead letters {count(total("dead_letters"))}
                </a>
                <a
                  href={to({ list: "late", source: "", reason: "" })}
                  aria-current={list === "late_events" ? "page" : undefined}
                >
                  Late events {count(total("late_events"))}
                </a>
              </nav>
              <label class="span-choice">
                of the last{" "}
                <select
                  value={hours}
                  onChange={({ currentTarget }) => go(to({ hours: currentTarget.value }))}
                >
                  {Object.entries(SPANS).map(([n, name]) => (
                    <option key={n} value={n}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
            </div>
            {!isEmpty && (
              <Panel
                title="By reason"
                note={
                  list === "dead_letters"
                    ? "Messages that could not be used; each has exactly one reason. Choose one to see its messages."
                    : "Events that joined no window of a view; dead to it, and nothing else."
                }
              >
                <Summary
                  outcomes={outcomes}
                  what={list}
                  chosen={{ source, reason }}
                  hrefOf={(of, why) => to({ source: of, reason: why })}
                />
              </Panel>
            )}
            <Panel title={reason === "" ? "The newest" : `${reason}${source === "" ? "" : `, ${source}`}`}>
              {list === "dead_letters" ? (
                <Letters
                  key={`${String(hours)} ${source} ${reason}`}
                  hours={hours}
                  event={source}
                  reason={reason}
                  canRedrive={outcomes.can_redrive}
                  since={outcomes.since}
                  onChange={summary.reload}
                />
              ) : (
                <LateEvents
                  key={`${String(hours)} ${source} ${reason}`}
                  hours={hours}
                  view={source}
                  reason={reason}
                />
              )}
            </Panel>
          </>
        );
      }}
    </Remote>
  );
}
