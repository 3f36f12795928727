import { useState } from "preact/hooks";
import type { FlowJson } from "../../contract.ts";
import { clock, count } from "../format.ts";
import { FlowGraph } from "./flow-graph.tsx";
import { Panel } from "./panel.tsx";
import { Empty } from "./states.tsx";
import { Scroll } from "./scroll.tsx";

const KINDS = { attempted: "Attempted", committed: "Committed" } as const;

/** Where the messages went, and whether both sides of the law say that none was lost. */
export function Law({ flows, moving }: { readonly flows: readonly FlowJson[]; readonly moving: boolean }) {
  const [chosen, choose] = useState(0);
  const flow = flows[chosen] ?? flows[0];
  const several = new Set(flows.map(({ event }) => event)).size > 1;
  return (
    <Panel
      title="Where every message went"
      note="Each message is decoded or a dead letter; each decoded one has one fate in each view. Ways are as wide as their part of all messages."
      actions={
        flows.length > 1 && (
          <div class="choice" role="group" aria-label="Which counts">
            {flows.map((each, i) => (
              <button key={nameOf(each)} type="button" aria-pressed={each === flow} onClick={() => choose(i)}>
                {several ? nameOf(each) : KINDS[each.kind]}
              </button>
            ))}
          </div>
        )
      }
    >
      {flow === undefined || flow.read === 0 ? (
        <Empty title="No message yet.">
          <p>After its start the pipeline needs about half a minute. To send one yourself:</p>
          <p>
            <code>
              npx freshet publish
              {` '{"event_type":"purchase","user_id":"you","item_id":"kettle","amount_usd":29.9,"country":"DE"}'`}
            </code>
          </p>
        </Empty>
      ) : (
        <FlowGraph flow={flow} moving={moving && flow.kind === "attempted"} />
      )}
      <div class="sides">
        {flows.map((each) => (
          <Side key={nameOf(each)} flow={each} />
        ))}
        {!flows.some(({ kind }) => kind === "committed") && <Unsettled />}
      </div>
    </Panel>
  );
}

function nameOf({ kind, event }: FlowJson): string {
  return `${KINDS[kind]}, ${event}`;
}

/** What is none is not worth a word, unless all is none. */
function sumOf(parts: FlowJson["balances"][number]["parts"]): string {
  const told = parts.filter(([n]) => n !== 0).map(([n, name]) => `${count(n)} ${name}`);
  return told.join(" + ") || "0";
}

/** The committed side is taken some time after the events, and only once somebody looks. */
function Unsettled() {
  return (
    <section class="side" aria-label="Committed">
      <h3>
        Committed <span class="chip">not yet known</span>
      </h3>
      <p class="panel-note">
        Messages are looked up among the stored rows once these are settled: about two minutes after the
        start, and some seconds after this page is opened.
      </p>
    </section>
  );
}

/** One side of the law, in numbers. */
function Side({ flow }: { readonly flow: FlowJson }) {
  const { kind, event, from, before, balances } = flow;
  return (
    <section class="side" aria-label={nameOf(flow)}>
      <h3>
        {KINDS[kind]} <Verdict flow={flow} />
      </h3>
      <p class="panel-note">
        {kind === "attempted"
          ? `Counters of this job since ${clock(from)}. What a fault made it read again counts again.`
          : `Messages of ${event} published ${clock(from)} to ${clock(before)}, each looked up among the stored rows.`}
      </p>
      <Scroll label={nameOf(flow)}>
        <table class="balances">
          <tbody>
            {balances.map(({ of, whole, parts, difference }) => (
              <tr key={of}>
                <th scope="row">{of}</th>
                <td class="prose">
                  {count(whole[0])} {whole[1]} = {sumOf(parts)}
                  {difference !== 0 &&
                    ` ${difference > 0 ? "+" : "−"} ${count(Math.abs(difference))} ${rest(kind, difference)}`}
                </td>
                <td class="number">
                  {difference === 0 ? "✓" : kind === "attempted" && difference > 0 ? "…" : "✗"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function rest(kind: FlowJson["kind"], difference: number): string {
  if (difference < 0) return "counted twice";
  return kind === "attempted" ? "on their way" : "recorded nowhere";
}

function Verdict({ flow: { kind, balances, read } }: { readonly flow: FlowJson }) {
  const missing = balances.reduce((sum, { difference }) => sum + Math.max(0, difference), 0);
  const twice = balances.some(({ difference }) => difference < 0);
  if (read === 0) return <span class="chip">nothing to account for yet</span>;
  if (twice) return <span class="chip warn">✗ some counted twice</span>;
  if (missing === 0) return <span class="chip good">✓ adds up</span>;
  return kind === "attempted" ? (
    <span class="chip">… {count(missing)} on their way</span>
  ) : (
    <span class="chip bad">✗ {count(missing)} recorded nowhere</span>
  );
}
