import type { DistributionJson, ViewJson, ViewRatesJson, ViewSampleJson } from "../../contract.ts";
import { versioned } from "../names.ts";
import { clock, count, decimal, duration, percent, value } from "../format.ts";
import { Remote, useResource } from "../resource.tsx";
import { href } from "../router.ts";
import { Panel } from "./panel.tsx";
import { Sparkline } from "./sparkline.tsx";
import { Empty } from "./states.tsx";
import { Scroll } from "./scroll.tsx";

const AGAIN_MS = 30_000;

/** What the rows of a view hold: how values are spread, how often there is none, and some rows. */
export function Samples({ view }: { readonly view: ViewJson }) {
  const path = `api/views/${versioned(view)}`;
  const sample = useResource<ViewSampleJson>(`${path}/sample`, AGAIN_MS);
  const rates = useResource<ViewRatesJson>(`${path}/rates`, AGAIN_MS);
  return (
    <>
      <Panel title="Values" note={<SampleNote sample={sample.value} rates={rates.value} view={view} />}>
        <Remote of={sample} what="a sample of the rows">
          {(taken) =>
            taken.taken === 0 ? (
              <Empty title="No window ended lately.">
                <p>Rows appear seconds after the first event of the view is published.</p>
              </Empty>
            ) : (
              <Scroll label="How values are spread">
                <table class="spread">
                  <thead>
                    <tr>
                      <th>Column</th>
                      <th>Spread</th>
                      <th class="number">p50</th>
                      <th class="number">p95</th>
                      <th class="number">max</th>
                      <th class="number">Default</th>
                      <th>Default, over time</th>
                    </tr>
                  </thead>
                  <tbody>
                    {taken.distributions.map((each, i) => (
                      <Row key={each.column} of={each} taken={taken.taken} rates={rates.value} column={i} />
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )
          }
        </Remote>
      </Panel>
      {sample.value !== undefined && sample.value.taken > 0 && <Newest view={view} sample={sample.value} />}
    </>
  );
}

function SampleNote({
  sample,
  rates,
  view,
}: {
  readonly sample: ViewSampleJson | undefined;
  readonly rates: ViewRatesJson | undefined;
  readonly view: ViewJson;
}) {
  if (sample === undefined) return <>Of the newest panes in BigQuery.</>;
  const span =
    rates === undefined
      ? ""
      : `; the default’s part of all panes over ${duration(rates.bucket_ms * rates.buckets.length)}`;
  return (
    <>
      The newest pane of {count(sample.taken)} {view.entity} keys, windows ended since {clock(sample.from)}
      {span}. As of {clock(sample.at)}.
    </>
  );
}

function Row({
  of,
  taken,
  rates,
  column,
}: {
  readonly of: DistributionJson;
  readonly taken: number;
  readonly rates: ViewRatesJson | undefined;
  readonly column: number;
}) {
  const { numbers } = of;
  return (
    <tr>
      <td class="code">{of.column}</td>
      <td>{numbers === null ? <Top of={of} taken={taken} /> : <Bars bars={numbers.bars} />}</td>
      <td class="number">{decimal(numbers?.p50)}</td>
      <td class="number">{decimal(numbers?.p95)}</td>
      <td class="number">{decimal(numbers?.max)}</td>
      <td class="number">{percent(of.defaults / taken)}</td>
      <td>
        {rates !== undefined && (
          <Sparkline
            tone="calm"
            top={1}
            values={rates.buckets.map(({ panes, defaults }) =>
              panes === 0 ? null : (defaults[column] ?? 0) / panes,
            )}
          />
        )}
      </td>
    </tr>
  );
}

function Bars({ bars }: { readonly bars: readonly number[] }) {
  const most = Math.max(...bars);
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${String(bars.length * 6)} 30`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map((n, i) => {
        const height = n === 0 ? 0 : Math.max(1.5, (29 * n) / most);
        return <rect key={i} x={i * 6} y={30 - height} width="5" height={height} />;
      })}
    </svg>
  );
}

function Top({ of: { top }, taken }: { readonly of: DistributionJson; readonly taken: number }) {
  if (top.length === 0) return <span class="hint">no value</span>;
  return (
    <ul class="top">
      {top.map((each) => (
        <li key={each.value}>
          <span class="code">{each.value}</span> {percent(each.count / taken)}
        </li>
      ))}
    </ul>
  );
}

function Newest({ view, sample }: { readonly view: ViewJson; readonly sample: ViewSampleJson }) {
  return (
    <Panel title="Newest rows" note="A key leads to the inspector, which shows what its values are made of.">
      <Scroll label="Newest rows">
        <table class="rows">
          <thead>
            <tr>
              <th>{view.key_field}</th>
              <th>Window end</th>
              <th>Pane</th>
              <th class="number">seq</th>
              {view.columns.map(({ name }) => (
                <th key={name} class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.rows.map((row) => (
              <tr key={row.key}>
                <td>
                  <a class="code" href={href(["keys", view.name, row.key])}>
                    {row.key}
                  </a>
                </td>
                <td>{clock(row.window_end)}</td>
                <td>{row.timing}</td>
                <td class="number">{row.seq}</td>
                {row.values.map((v, i) => (
                  <td key={i} class={`number ${v === null ? "hint" : ""}`}>
                    {value(v)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
