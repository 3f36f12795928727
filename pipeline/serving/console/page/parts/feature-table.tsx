import type { FeatureValue } from "../../../../core/model.ts";
import { value } from "../format.ts";

/** A column beside a feature's name, value and status. */
interface MoreColumn {
  readonly head: string;
  readonly isNumber?: boolean;
}

interface FeatureRow {
  readonly name: string;
  readonly value: FeatureValue;
  readonly status: string;
  readonly stale?: boolean;
  /** A text for each further column. */
  readonly more: readonly string[];
}

/** Features of one answer: name, value and status of each, and what else there is to say. */
export function FeatureTable({
  label,
  caption,
  columns,
  features,
}: {
  readonly label: string;
  readonly caption?: string;
  readonly columns: readonly MoreColumn[];
  readonly features: readonly FeatureRow[];
}) {
  const classOf = (i: number) => (columns[i]?.isNumber ? "number" : undefined);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="features">
        {caption !== undefined && <caption class="code">{caption}</caption>}
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" class="number">
              Value
            </th>
            <th scope="col">Status</th>
            {columns.map(({ head }, i) => (
              <th key={head} scope="col" class={classOf(i)}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {features.map(({ name, value: v, status, stale, more }) => (
            <tr key={name}>
              <th scope="row" class="code">
                {name}
              </th>
              <td class="number">{value(v)}</td>
              <td>
                <span class={`chip ${status === "DEFAULT" ? "" : "good"}`}>{status}</span>
                {stale && <span class="chip warn">stale</span>}
              </td>
              {more.map((text, i) => (
                <td key={i} class={classOf(i)}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
