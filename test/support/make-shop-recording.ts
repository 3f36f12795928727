/**
 * Writes the recording of the real shop to a file, and says what is in it:
 *
 *     node test/support/make-shop-recording.ts --out shop.ndjson [--seed 1]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { shopRecording } from "./shop-recording.ts";

const { values } = parseArgs({
  options: { out: { type: "string" }, seed: { type: "string", default: "1" } },
});
const seed = Number(values.seed);
if (values.out === undefined || !Number.isInteger(seed)) {
  console.error(
    "usage: node test/support/make-shop-recording.ts --out FILE [--seed N], where N is a whole number",
  );
  process.exit(1);
}
const { messages, facts } = shopRecording(seed);
writeFileSync(values.out, messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
console.log(JSON.stringify(facts));
