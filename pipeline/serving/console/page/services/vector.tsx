import type { ReadJson, ResultJson } from "../../../vector-json.ts";
import { clock, count, duration } from "../format.ts";
import { FeatureTable } from "../parts/feature-table.tsx";

/** What a service answered. */
export function Vector({ answer, ms }: { readonly answer: ReadJson; readonly ms: number }) {
  return (
    <div class="answer">
      <p class="hint">
        {answer.service}@{answer.version} at {clock(answer.at)}, {duration(ms)} from this browser and back
      </p>
      {answer.results.map((result, i) => (
        <Result key={i} result={result} />
      ))}
    </div>
  );
}

function Result({ result: { key, features, error } }: { readonly result: ResultJson }) {
  const name = Object.values(key).join(", ");
  if (features === undefined) {
    return (
      <div class="state failed">
        <p class="state-title">
          {name}: {error.code}
        </p>
        <p>{error.detail}</p>
      </div>
    );
  }
  return (
    <FeatureTable
      label={`Vector of ${name}`}
      caption={name}
      columns={COLUMNS}
      features={Object.entries(features).map(([feature, { value, status, stale, as_of, age_ms, seq }]) => ({
        ...{ name: feature, value, status, stale },
        more: [duration(age_ms), count(seq), clock(as_of)],
      }))}
    />
  );
}

const COLUMNS = [
  { head: "Age", isNumber: true },
  { head: "Seq", isNumber: true },
  { head: "As of" },
] as const;
