import { type Balance, balances, balanceText } from "../core/conservation.ts";
import type { EventStatus } from "./event-status.ts";
import type { Status } from "./status.ts";

/** Where a display writes: a terminal, or a pipe. */
export interface DisplayOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const PLAIN_EVERY = 10;

/** Shows the status: on a terminal in place, else a line every ten seconds. */
export function statusDisplay(output: DisplayOutput): (status: Status) => void {
  let drawn = 0;
  let shown = 0;
  return (status) => {
    const lines = output.isTTY ? describe(status) : [oneLine(status)];
    if (!output.isTTY) {
      if (shown++ % PLAIN_EVERY === 0) output.write(`${lines.join("\n")}\n`);
      return;
    }
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    output.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join("")}`);
    drawn = lines.length;
  };
}

function describe(status: Status): string[] {
  const { freshness_ms: freshness, watermark_lag_ms: lag } = status;
  const several = Object.keys(status.events).length > 1;
  return [
    "",
    `  ${status.at}   ${status.events_per_second} events/s   freshness p50 ${time(freshness.p50)}  p99 ${time(freshness.p99)}   watermark lag ${time(lag)}`,
    ...Object.entries(status.events).flatMap(([name, event]) => {
      const heading = several ? [`  ${name}`] : [];
      return [...heading, ...balances(event).map((balance) => balanceLine(balance, event))];
    }),
  ];
}

function balanceLine(balance: Balance, { views }: EventStatus): string {
  const panes = views[balance.of]?.panes;
  return `  ${balance.of.padEnd(16)} ${balanceText(balance)}${panes === undefined ? "" : `;  ${panes} panes`}`;
}

function oneLine(status: Status): string {
  const { freshness_ms: freshness } = status;
  const events = Object.values(status.events);
  const letters = events.reduce((sum, { dead_letter }) => sum + dead_letter, 0);
  const views = events
    .flatMap((event) => Object.entries(event.views))
    .map(([name, v]) => `${name}: ${v.applied} applied, ${v.late + v.window_closed} late, ${v.panes} panes`);
  return [
    status.at,
    `${status.events_per_second} events/s`,
    `freshness p50 ${time(freshness.p50)} p99 ${time(freshness.p99)}`,
    `watermark lag ${time(status.watermark_lag_ms)}`,
    `${letters} dead letters`,
    ...views,
  ].join(" · ");
}

function time(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/**
 * What a person may try while it runs.
 * @param dir the folder of the run
 * @param [url] the feature server, which has the console
 */
export function whatNext(dir: string, url?: string): string {
  const see = url === undefined ? "" : `\nsee it: ${url}/console/\n`;
  return `${see}
try, in another terminal:
  npx freshet publish '{"event_type":"purchase","user_id":"you","item_id":"kettle","amount_usd":29.9,"country":"DE"}'
  npx freshet get user_purchases you
  npx freshet sql "SELECT user_id, window_end, purchase_count_30m, seq, timing FROM user_purchases ORDER BY available_at DESC LIMIT 5"
  npx freshet publish '{"event_type":"purchase","user_id":"you","item_id":"kettle","amount_usd":1,"country":"DE","occurred_at":1700000000000}'
  npx freshet sql "SELECT view, reason, entity_key, event_time FROM late_events ORDER BY publish_time DESC LIMIT 5"
logs and data: ${dir}; Ctrl-C ends everything`;
}
