import type { ReadJson, ResultJson } from "../../../vector-json.ts";
import { clock, count, duration, value } from "../format.ts";

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
    <div class="scroll" tabIndex={0} role="region" aria-label={`Vector of ${name}`}>
      <table class="vector">
        <caption class="code">{name}</caption>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" class="number">
              Value
            </th>
            <th scope="col">Status</th>
            <th scope="col" class="number">
              Age
            </th>
            <th scope="col" class="number">
              Seq
            </th>
            <th scope="col">As of</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(features).map(([feature, { value: v, status, stale, as_of, age_ms, seq }]) => (
            <tr key={feature}>
              <th scope="row" class="code">
                {feature}
              </th>
              <td class="number">{value(v)}</td>
              <td>
                <span class={`chip ${status === "DEFAULT" ? "" : "good"}`}>{status}</span>
                {stale && <span class="chip warn">stale</span>}
              </td>
              <td class="number">{duration(age_ms)}</td>
              <td class="number">{count(seq)}</td>
              <td>{clock(as_of)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
