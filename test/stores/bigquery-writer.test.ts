import { afterEach, describe, expect, it } from "vitest";
import { appendRows } from "../../pipeline/stores/bigquery-writer.ts";
import { bigqueryClient, closeClients } from "../../pipeline/stores/clients.ts";
import { StoreConfigError, StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { type HttpAction, type HttpRequest, scriptedHttp } from "../support/scripted-http.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

/** Faults over a real connection. It doesn't prove what BigQuery itself answers: the bodies are from its reference. */
const OK: HttpAction = { status: 200, body: { kind: "bigquery#tableDataInsertAllResponse" } };
const error = (code: number, reason: string): HttpAction => ({
  status: code,
  body: { error: { code, message: reason, errors: [{ reason, message: reason }] } },
});
const insertErrors = (...rows: [index: number, reason: string][]): HttpAction => ({
  status: 200,
  body: {
    insertErrors: rows.map(([index, reason]) => ({ index, errors: [{ reason, message: `is ${reason}` }] })),
  },
});
const rows = ["a", "b", "c", "d"].map((name) => ({ insertId: name, json: JSON.stringify({ name }) }));
const sentIds = ({ body }: HttpRequest) =>
  (body as { rows: { insertId: string }[] }).rows.map((row) => row.insertId).join("");

async function append(act: (request: HttpRequest, index: number) => HttpAction, attempts = 4) {
  await using server = await scriptedHttp(act);
  const client = bigqueryClient(testEndpoints("d", { bigquery: server.url }));
  const result = appendRows(client, "d", "t", rows, instantRetry(attempts));
  const refused = await result.catch((thrown: unknown) => thrown);
  return { refused, sent: server.requests.map(sentIds), paths: server.requests.map(({ path }) => path) };
}

afterEach(closeClients);

describe("appendRows", () => {
  it("sends insert ids, so that a repeat within BigQuery's memory is no second row", async () => {
    const { refused, sent, paths } = await append(() => OK);
    expect(refused).toEqual([]);
    expect(sent).toEqual(["abcd"]);
    expect(paths[0]).toMatch(/^\/bigquery\/v2\/projects\/local-dev\/datasets\/d\/tables\/t\/insertAll/);
  });

  it.each([
    ["503", error(503, "backendError")],
    ["500", error(500, "internalError")],
    ["429", error(429, "rateLimitExceeded")],
    ["a quota's 403", error(403, "quotaExceeded")],
    ["408", error(408, "timeout")],
    ["a cut connection", "cut"],
  ] as const)("sends all again after %s", async (_name, fault) => {
    const { refused, sent } = await append((_request, i) => (i < 2 ? fault : OK));
    expect(refused).toEqual([]);
    expect(sent).toEqual(["abcd", "abcd", "abcd"]);
  });

  it("sends the stopped rows again without the invalid one, and returns that one", async () => {
    const { refused, sent } = await append((_request, i) =>
      i === 0 ? insertErrors([0, "stopped"], [1, "invalid"], [2, "stopped"], [3, "stopped"]) : OK,
    );
    expect(refused).toEqual([{ entry: rows[1], detail: "invalid: is invalid" }]);
    expect(sent).toEqual(["abcd", "acd"]);
  });

  it("halves a request that is refused as a whole until the row to blame stands alone", async () => {
    const { refused, sent } = await append((request) =>
      sentIds(request).includes("c") ? error(400, "invalid") : OK,
    );
    expect(refused).toEqual([{ entry: rows[2], detail: "invalid" }]);
    expect(sent).toEqual(["abcd", "ab", "cd", "c", "d"]);
  });

  it("fails when an outage lasts, naming the table", async () => {
    const { refused, sent } = await append(() => error(503, "backendError"), 3);
    expect(refused).toBeInstanceOf(StoreUnavailableError);
    expect(String(refused)).toContain("table d.t in 3 attempts");
    expect(sent).toHaveLength(3);
  });

  it.each([
    [404, "notFound", "create it"],
    [403, "accessDenied", "grant the worker's service account"],
    [401, "authError", "credentials"],
  ])("asks a person at once after %d %s", async (code, reason, advice) => {
    const { refused, sent } = await append(() => error(code, reason));
    expect(refused).toBeInstanceOf(StoreConfigError);
    expect(String(refused)).toContain(advice);
    expect(sent).toHaveLength(1);
  });
});
