import { formatDuration } from "../../../../core/duration.ts";
import type { Quantile, ServiceFeature, ServiceJson } from "../../services-contract.ts";
import { count, duration, value } from "../format.ts";
import { Fact, Facts } from "../parts/facts.tsx";

const POLICIES = {
  default: "its default",
  null: "null",
  error: "the key is refused",
} as const;

/** The features of a service: where each comes from, and what becomes of a missing one. */
export function FeatureTable({ features }: { readonly features: readonly ServiceFeature[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Features">
      <table>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Type</th>
            <th scope="col">From</th>
            <th scope="col">Window</th>
            <th scope="col">Where no event gives a value</th>
          </tr>
        </thead>
        <tbody>
          {features.map((feature) => (
            <tr key={feature.name}>
              <th scope="row" class="code">
                {feature.name}
              </th>
              <td>{feature.type ?? "computed"}</td>
              <td>
                {feature.view === null ? (
                  <span class="chip">on demand</span>
                ) : (
                  <a href={`#/views/${feature.view.name}`}>
                    {feature.view.name} v{feature.view.version}
                  </a>
                )}
              </td>
              <td>{feature.size_ms === null ? "–" : formatDuration(feature.size_ms)}</td>
              <td>{missing(feature)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function missing({ missing: policy, default: value_ }: ServiceFeature): string {
  if (policy === null) return "–";
  return policy === "default" ? `${POLICIES.default}, ${value(value_)}` : POLICIES[policy];
}

/** What the server counted of a service. */
export function Counts({ service: { counts } }: { readonly service: ServiceJson }) {
  const statuses = Object.entries(counts.by_status).sort(([a], [b]) => Number(a) - Number(b));
  return (
    <Facts wide>
      <Fact name="Requests since the start">{count(counts.requests)}</Fact>
      <Fact name="By status">
        {statuses.length === 0
          ? "–"
          : statuses.map(([status, n]) => (
              <span key={status} class={`chip ${status < "400" ? "good" : status < "500" ? "warn" : "bad"}`}>
                {status}: {count(n)}
              </span>
            ))}
      </Fact>
      <Fact name="p50">{quantile(counts.p50)}</Fact>
      <Fact name="p99">{quantile(counts.p99)}</Fact>
      <Fact name="Keys">{count(counts.keys)}</Fact>
      <Fact name="Keys without a vector">{count(counts.key_faults)}</Fact>
      <Fact name="Vectors with a stale feature">{count(counts.stale_vectors)}</Fact>
    </Facts>
  );
}

function quantile(of: Quantile | null): string {
  if (of === null) return "–";
  const ms = of.ms < 100 ? `${of.ms.toFixed(1)} ms` : duration(of.ms);
  return of.or_more ? `more than ${ms}` : ms;
}
