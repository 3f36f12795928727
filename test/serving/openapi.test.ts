import { describe, expect, it } from "vitest";
import { z } from "zod";
import { services } from "../../pipeline/features/services.ts";
import { openApi } from "../../pipeline/serving/openapi.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { testServer } from "../support/serving.ts";

type Node = { readonly [name: string]: Node } & { readonly schema: z.core.JSONSchema.JSONSchema };
const limits = { keys: 200, bodyBytes: 50_000, deadlineMs: 100 };
const document = openApi(services, limits, false) as unknown as Node & { openapi: string };
const schemaOf = (content: Node | undefined, type = "application/json") => content?.[type]?.schema;

/** What a schema of the document says, as zod checks it. */
function checks(schema: z.core.JSONSchema.JSONSchema | undefined) {
  const components = (document["components"] as Node)["schemas"];
  const whole = JSON.parse(
    JSON.stringify({ ...schema, $defs: components }).replaceAll("#/components/schemas/", "#/$defs/"),
  ) as z.core.JSONSchema.JSONSchema;
  return z.fromJSONSchema(whole);
}

describe("the OpenAPI document", () => {
  it("has a path for each service and view, with and without their versions", () => {
    expect(document.openapi).toBe("3.1.1");
    expect(Object.keys(document["paths"] ?? {})).toEqual([
      "/v1/services/fraud:read",
      "/v1/services/ranking:read",
      "/v1/services/fraud@1:read",
      "/v1/services/ranking@1:read",
      "/v1/views/user_purchases/keys/{key}",
      "/v1/views/item_activity/keys/{key}",
      "/v1/views/user_purchases@1/keys/{key}",
      "/v1/views/item_activity@1/keys/{key}",
      "/healthz",
      "/readyz",
      "/metrics",
    ]);
  });

  it.each(["fraud", "ranking"])("describes what %s takes and gives", async (name) => {
    const { read } = await testServer(new MemoryStore());
    const post = document["paths"]?.[`/v1/services/${name}:read`]?.["post"];
    const body = {
      keys: [name === "fraud" ? { user_id: "ann" } : { user_id: "ann", item_id: "hat" }],
      request: name === "fraud" ? { amount_usd: 1 } : {},
    };
    expect(checks(schemaOf(post?.["requestBody"]?.["content"])).safeParse(body).error).toBeUndefined();
    const { json } = await read(name, body);
    const answer = checks(schemaOf(post?.["responses"]?.["200"]?.["content"]));
    expect(answer.safeParse(json).error).toBeUndefined();
    expect(answer.safeParse({ ...json, results: [{ key: {}, features: {} }] }).success).toBe(false);
    const refused = await read(name, { ...body, more: 1 });
    const problem = checks(schemaOf(post?.["responses"]?.["400"]?.["content"], "application/problem+json"));
    expect(problem.safeParse(refused.json).error).toBeUndefined();
  });

  it("describes what a view gives", async () => {
    const { request } = await testServer(new MemoryStore());
    const get = document["paths"]?.["/v1/views/item_activity/keys/{key}"]?.["get"];
    const json: unknown = await (await request("/v1/views/item_activity/keys/hat")).json();
    expect(checks(schemaOf(get?.["responses"]?.["200"]?.["content"])).safeParse(json).error).toBeUndefined();
  });

  it("has operations of different names, and asks for a key only where the server does", () => {
    const operations = Object.values(document["paths"] ?? {}).flatMap((path) =>
      Object.values(path).map((each) => (each as { operationId: string }).operationId),
    );
    expect(new Set(operations).size).toBe(operations.length);
    expect(document["security"]).toBeUndefined();
    expect(openApi(services, limits, true)["security"]).toEqual([{ bearer: [] }, { header: [] }]);
  });
});
