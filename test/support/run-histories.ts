/**
 * Any number of histories, outside the tests:
 *
 *     node test/support/run-histories.ts --seeds 100000 --seed 7
 *
 * Prints what was run, or the first history that broke a promise, shrunk, as a timeline; `--path` shows it again.
 */
import { parseArgs } from "node:util";
import { mutants } from "./history/mutants.ts";
import { searchHistories } from "./history/search.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    path: { type: "string" },
    /** One of the wrong rules, to see one found. */
    mutant: { type: "string" },
  },
});
const { path, mutant } = values;
if (mutant !== undefined && !Object.hasOwn(mutants, mutant))
  throw new Error(`there is no mutant "${mutant}": there are ${Object.keys(mutants).join("; ")}`);
const startMs = performance.now();
const { found, ...searched } = searchHistories({
  seeds: Number(values.seeds),
  seed: Number(values.seed),
  ...(path !== undefined && { path }),
  ...(mutant !== undefined && { mutant: mutants[mutant as keyof typeof mutants] }),
});
console.log(
  `${String(searched.histories)} histories, ${String(searched.messages)} messages, ${String(searched.rows)} rows, ` +
    `${String(searched.exact)} answers held against the truth (${String(searched.present)} not all defaults), ` +
    `${((performance.now() - startMs) / 1000).toFixed(1)} s`,
);
if (found) {
  console.log(`\n${found.timeline}\n\nagain: --seed ${String(found.seed)} --path ${found.path}`);
  process.exitCode = 1;
}
