import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, localDir } from "../../infra/local/install/context.ts";
import { findRunningStack } from "../../infra/local/stack-file.ts";
import { features } from "../../pipeline/features/registry.ts";
import { localStores } from "../../pipeline/options.ts";
import { featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { eventually, retry } from "../support/live.ts";
import { readmeBlock, readmeCommands } from "../support/readme.ts";
import { type Running, sh, shBackground } from "../support/shell.ts";
import { expectTrainingAnswers, pastRows } from "../support/training.ts";

/*
 * The README's commands as they stand there, each in a shell, against the stack and the pipeline that two of them
 * start. Only their places are moved: a run folder and files of this test's own, and the project's Pub/Sub. (What is for
 * Google Cloud stands in blocks of their own: test/commands/readme-cloud.test.ts.)
 */
let dir = "";

/** Moves a command to this test's files, and to its stack where it speaks to one. */
const here = (command: string, more = "") => `${command.replaceAll(".local/", `${dir}/`)} ${more}`;
const onStack = (command: string) => here(command, `--run-dir ${dir}/run`);

/** What the command must answer, within the patience for what is on its way. */
const answers = (what: RegExp) => (command: string) =>
  eventually(async () => {
    const { code, out, err } = await sh(onStack(command));
    expect(err).toBe("");
    expect(out).toMatch(what);
    expect(code).toBe(0);
  });

const publishes = async (command: string) => {
  expect(await sh(onStack(command))).toEqual({ code: 0, out: "published 1 to shop_event\n", err: "" });
};

/** That npm knows it: run from here, the tests would run themselves. */
const isScript = async (command: string) => {
  const { scripts } = JSON.parse(await readFile(path.join(CHECKOUT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(Object.keys(scripts)).toContain(command.split(" ").at(-1));
};

/** Started before all others, and used by them. */
const isRunning = () => Promise.resolve();

/** Every command of the README, and how it is checked; in this order, since the later ones see what earlier ones did. */
const CHECKS: Readonly<Record<string, (command: string) => Promise<void>>> = {
  "npx freshet stack": isRunning,
  "npx freshet run": isRunning,
  [`npx freshet publish '{"event_type":"purchase","user_id":"you","item_id":"kettle","amount_usd":29.9,"country":"DE"}'`]:
    publishes,
  "npx freshet get user_purchases you": answers(
    /purchase_count_30m +1 +PRESENT\n[^]*pane: window end .*, seq 1,/,
  ),
  "npx freshet explain --view user_purchases --key you": answers(
    /events of the archive, in publish order\n {2}a {2}applied [^]*first in the [A-Z_]+ pane of [^]*→ [^]*purchase_count_30m +1 +PRESENT/,
  ),
  'npx freshet sql "SELECT user_id, window_end, purchase_count_30m, seq, timing FROM user_purchases ORDER BY available_at DESC LIMIT 5"':
    answers(/^user_id +window_end .*\nyou +\S+ +1 +1 +(EARLY|ON_TIME)\n/),
  [`npx freshet publish '{"event_type":"purchase","user_id":"you","item_id":"kettle","amount_usd":1,"country":"DE","occurred_at":1700000000000}'`]:
    publishes,
  [`npx freshet sql "SELECT view, reason, entity_key, event_time FROM late_events WHERE entity_key = 'you'"`]:
    answers(/^user_purchases +late +you +2023-11-14T22:13:20/m),
  [`npx freshet publish '{"event_type":"purchase","user_id":"you"}'`]: publishes,
  'npx freshet sql "SELECT reason, detail FROM dead_letters ORDER BY publish_time DESC LIMIT 3"': answers(
    /^schema_mismatch +\S+ is missing: it must be/m,
  ),
  "npx freshet dead-letters list --reason schema_mismatch": answers(
    / {2}shop_event {2}schema_mismatch {2}message \S+\n +\S+ is missing: it must be/,
  ),
  "npx freshet parity": answers(
    /user_purchases v1, generation 0: windows [^]*all agree; missing_on_time_row 0\n/,
  ),
  "npx freshet status --for 5m": answers(
    /^user_purchases: complete through [^]* archived = .* decoded \+ .*✓\n/m,
  ),
  "npx freshet serve": async (command) => {
    const server = shBackground(`${onStack(command)} --port 0`);
    await server.says(/^serving fraud@1, ranking@1 at http:\/\/127\.0\.0\.1:\d+$/m);
    await server.stop();
  },
  "npx freshet training-set --view user_purchases --labels .local/labels.csv --out .local/training-set.csv":
    async (command) => {
      const labels = ["you", "nobody"].map((key) => `${key},${new Date().toISOString()},1\n`);
      await writeFile(path.join(dir, "labels.csv"), `user_id,t,label\n${labels.join("")}`);
      expect(await sh(onStack(command))).toMatchObject({ code: 0 });
      expect(await readFile(path.join(dir, "training-set.csv"), "utf8")).toMatch(
        /^user_id,t,label,purchase_count_30m,.*\nyou,\S+,1,1,.*\nnobody,\S+,1,0,.*\n$/,
      );
    },
  "npm run -s freshet -- get user_purchases you --json": answers(
    /^\{"view":"user_purchases",.*"purchase_count_30m":\{"value":1,"status":"PRESENT"\}.*\}\n$/,
  ),
  'npx freshet sql "$(cat .local/training.sql)"': answers(
    /^nobody .* 0 +0 +0 +null\nyou .* 0 +0 +0 +null\nyou .* 1 +1 +29\.9 +DE\n$/m,
  ),
  "npx freshet doctor": async (command) => {
    const { out, err } = await sh(command);
    expect(err).toBe("");
    expect(out).toMatch(/^✓ Python +3\.\d+/m);
  },
  "node infra/local/bootstrap.mjs --script test/support/make-shop-recording.ts --out .local/shop.ndjson":
    async (command) => {
      const { code, out } = await sh(here(command));
      expect(code).toBe(0);
      expect(JSON.parse(out)).toHaveProperty("dead_letters");
    },
  "npx freshet replay .local/shop.ndjson --out .local/replayed": async (command) => {
    const file = path.join(dir, "shop.ndjson"); // the beginning will do: its whole has a test of its own
    await writeFile(file, (await readFile(file, "utf8")).split("\n").slice(0, 300).join("\n"));
    const { code, out } = await sh(here(command));
    expect(code).toBe(0);
    expect(out).toContain('{"read":300,');
    expect(JSON.parse(await readFile(path.join(dir, "replayed", "summary.json"), "utf8"))).toMatchObject({
      read: 300,
    });
  },
  "npx freshet replay .local/shop.ndjson --panes --views user_purchases --out .local/panes": async (
    command,
  ) => {
    const { code } = await sh(here(command));
    expect(code).toBe(0);
    expect(await readFile(path.join(dir, "panes", "offline.ndjson"), "utf8")).toContain('"timing":"EARLY"');
  },
  "npm test": isScript,
  "npm run lint": isScript,
  "npm run typecheck": isScript,
  "npm run check:drift": isScript,
};
const START = "npm start";

beforeAll(async () => {
  dir = await mkdtemp(path.join(localDir(process.env), "test-readme-"));
  await writeFile(path.join(dir, "training.sql"), readmeBlock("sql"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it("every command of the README is checked, and no other", () => {
  expect([...new Set(readmeCommands())].sort()).toEqual([START, ...Object.keys(CHECKS)].sort());
});

describe("the README's commands", () => {
  let stack: Running | undefined;
  let job: Running | undefined;

  beforeAll(async () => {
    stack = shBackground(`${onStack("npx freshet stack")} --own-pubsub`);
    await stack.says(/Ctrl-C ends it/);
    job = shBackground(onStack("npx freshet run"));
    await job.says(/^running$/m);
  });
  afterAll(async () => {
    await job?.stop();
    await stack?.stop();
    await closeClients();
    expect(await findRunningStack(path.join(dir, "run"))).toBeUndefined();
  });

  it.each(Object.entries(CHECKS))("%s", (command, check) => check(command));

  it("the training query answers as the online store would have, at every instant", async () => {
    const nowMs = Date.now();
    const purchases = Array.from({ length: 12 }, (_, n) => ({
      event_id: `training-${n}`,
      event_type: "purchase",
      user_id: `buyer-${n % 3}`,
      item_id: "kettle",
      amount_usd: n + 0.5,
      country: ["DE", "FR"][n % 2],
      occurred_at: nowMs - n * 20_000,
    }));
    await writeFile(
      path.join(dir, "purchases.ndjson"),
      purchases.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
    expect((await sh(onStack("npx freshet publish --file .local/purchases.ndjson"))).code).toBe(0);

    const running = await findRunningStack(path.join(dir, "run"));
    if (running === undefined) throw new Error("the stack is gone");
    const stores = localStores(running.endpoints);
    const query = (sql: string) =>
      queryRows(bigqueryClient(stores), { sql, dataset: stores.bigquery.dataset }, retry);
    const plan = features.plan("user_purchases");
    const past = pastRows(plan, "long ago", nowMs).map((row) => featureInsert(plan, row));
    await appendRows(bigqueryClient(stores), stores.bigquery.dataset, featureTableId(plan), past, retry);
    const columns = ["purchase_count_30m", "purchase_count_1h", "spend_1h", "last_country_1h"];
    await eventually(async () => {
      const keys = await query("SELECT DISTINCT user_id FROM user_purchases");
      expect(keys.map((row) => row["user_id"])).toEqual(
        expect.arrayContaining(["buyer-0", "buyer-1", "buyer-2"]),
      );
      await expectTrainingAnswers(query, plan, readmeBlock("sql"), columns);
    });
  });
});

it(START, async () => {
  const { code, out, err } = await sh(`${START} -- --for 4s --own-pubsub --run-dir ${dir}/start`);
  expect(err).toContain("try, in another terminal:");
  expect(out).toMatch(/events\/s · freshness p50 .* dead letters · user_purchases: /);
  expect(code).toBe(0);
  expect(await findRunningStack(path.join(dir, "start"))).toBeUndefined();
});
