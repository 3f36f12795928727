import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";
import { simulate } from "../../infra/local/simulator/simulate.ts";

/** A recording to make: the same options give the same bytes. */
export interface ShopRecording {
  readonly events: number;
  readonly users: number;
  readonly seed: number;
  /** Event time that the events spread over. */
  readonly minutes: number;
}

const START_MS = Date.UTC(2026, 0, 5, 12);
/** Nothing wrong and nothing late: every event costs what an event costs. */
const FAULTLESS = { late: 0, duplicate: 0, malformed: 0 };

/** Writes a simulated shop as a recording, in the order of publishing: Zipf users and items, disorder of some seconds. */
export async function writeShopRecording(file: string, options: ShopRecording): Promise<void> {
  const { events, users, seed, minutes } = options;
  const ratePerSecond = events / (minutes * 60);
  const out = createWriteStream(file);
  let count = 0;
  for (const message of simulate({ seed, ratePerSecond, startMs: START_MS, users, shares: FAULTLESS })) {
    if (count === events) break;
    const line = JSON.stringify({
      message_id: String(count++),
      publish_time: new Date(message.sendAtMs).toISOString(),
      attributes: message.attributes,
      data_base64: message.data.toString("base64"),
    });
    if (!out.write(`${line}\n`)) await once(out, "drain");
  }
  out.end();
  await finished(out);
}
