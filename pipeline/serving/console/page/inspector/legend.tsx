import type { ExplainedEventJson } from "../../../../core/audit/explanation-contract.ts";
import { count } from "../format.ts";
import { FateIcon } from "./shapes.tsx";
import { FATE_NAMES, FATES, fateOf } from "./words.ts";

/** What the shapes mean, and how many there are of each. */
export function Legend({ events }: { readonly events: readonly ExplainedEventJson[] }) {
  return (
    <ul class="legend" aria-label="What became of the events">
      {FATES.map((fate) => {
        const n = events.filter((event) => fateOf(event) === fate).length;
        return (
          <li key={fate} class={n === 0 ? "none" : undefined}>
            <FateIcon fate={fate} /> {FATE_NAMES[fate]} <b>{count(n)}</b>
          </li>
        );
      })}
    </ul>
  );
}
