import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, inject, it, onTestFinished } from "vitest";
import { ensureConsole } from "../../infra/local/console-build.ts";
import { serverContainer } from "../../infra/server-container.ts";
import { currentEnd } from "../../pipeline/core/answer.ts";
import { features } from "../../pipeline/features/registry.ts";
import { featureTableId } from "../../pipeline/stores/bigquery-layout.ts";
import { featureInsert } from "../../pipeline/stores/bigquery-rows.ts";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { BigtableStore } from "../../pipeline/stores/bigtable-store.ts";
import { queryRows } from "../../pipeline/stores/bigquery-query.ts";
import { bigqueryClient, bigtableClient, closeClients } from "../../pipeline/stores/clients.ts";
import { provisionStores } from "../../pipeline/stores/provision.ts";
import { storeFlags } from "../support/audited.ts";
import { freshet } from "../support/freshet.ts";
import { AS_LINKED, imageFile, layOut } from "../support/image.ts";
import "../support/stack-context.ts";
import { instantRetry, testEndpoints, testRow } from "../support/stores.ts";
import { tempFolder } from "../support/temp-folder.ts";

/*
 * The feature server's image without Docker, started with exactly what the infrastructure program starts it with on Cloud
 * Run. It doesn't prove that the image builds, nor anything about Cloud Run.
 */
const stack = inject("stack");
const own = testEndpoints("server_image", stack);

afterAll(closeClients);

it("serves vectors and the console with what Cloud Run gives it, and ends within its drain", async () => {
  const plan = features.plan("user_purchases");
  const { bigtable, bigquery, generation } = own;
  const client = bigtableClient(own);
  await provisionStores(own, features.plans, instantRetry());
  const row = testRow(plan, { key: "you", windowEndMs: currentEnd(plan, Date.now()) });
  await new BigtableStore(client, own, instantRetry()).writeRows(plan, [row]);

  await ensureConsole();
  const file = imageFile("server");
  const root = tempFolder();
  layOut(file, root);
  const container = serverContainer(
    {
      project: own.project,
      generation,
      serverConcurrency: 8,
      serverDeadline: 10_000,
      serverLogVectors: 1,
      serverApiKeys: undefined,
      serverConsole: true,
    },
    { instance: bigtable.instance, appProfile: "freshet", dataset: bigquery.dataset },
  );
  const [node, entry = ""] = file.image?.entrypoint ?? [];
  expect(node).toBe("node");
  // What stands for Google here; on Cloud Run there is none of it.
  const emulators = [
    ...["--bigtable-emulator", bigtable.emulatorHost ?? ""],
    ...["--bigquery-endpoint", bigquery.apiEndpoint ?? ""],
  ];
  const command = [...AS_LINKED, path.join(root, entry), ...container.args, ...emulators];
  const child = spawn(process.execPath, command, {
    env: { ...container.env, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const exited = once(child, "close");
  let port: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    port = /http:\/\/0\.0\.0\.0:(\d+)/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  expect(port, said).toBeDefined();
  const url = `http://127.0.0.1:${port ?? ""}`;

  for (const probe of ["/readyz", "/healthz", "/console/"]) {
    expect((await fetch(url + probe)).status, probe).toBe(200);
  }
  const answer = await fetch(`${url}/v1/services/fraud:read`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ keys: [{ user_id: "you" }], request: { amount_usd: 1 } }),
  });
  expect(await answer.json()).toMatchObject({ results: [{ features: { purchase_count_1h: { value: 1 } } }] });

  child.kill("SIGTERM");
  expect(await exited, said).toEqual([0, null]);
  const logged = await queryRows(
    bigqueryClient(own),
    { sql: "SELECT entity_key FROM served_vectors", dataset: bigquery.dataset },
    instantRetry(),
  );
  expect(logged).toEqual([{ entity_key: '{"user_id":"you"}' }]);

  // The pane was never written offline: what was served was of nothing. Then it is, as readable a moment later.
  expect(await parityServed()).toMatchObject({ code: 1, served: { vectors: 1, differs: 1 } });
  const stored = { ...row, availableAtMs: Date.now(), generation, origin: "stream" } as const;
  const insert = featureInsert(plan, stored);
  await appendRows(bigqueryClient(own), bigquery.dataset, featureTableId(plan), [insert], instantRetry());
  expect(await parityServed()).toMatchObject({ code: 0, served: { vectors: 1, ahead: 1, differs: 0 } });
});

/** `freshet parity --served`, of all that was served until now. */
async function parityServed() {
  const to = new Date().toISOString();
  const args = ["parity", "--served", "--to", to, "--json", ...storeFlags({ session: { stores: own } })];
  const { code, out, err } = await freshet(args);
  expect(err).toBe("");
  return { code, ...(JSON.parse(out) as { readonly served: Readonly<Record<string, unknown>> }) };
}
