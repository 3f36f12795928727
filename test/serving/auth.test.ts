import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { apiKeys } from "../../pipeline/serving/auth.ts";

const hash = (key: string) => createHash("sha256").update(key).digest("hex");
const lines = `# who may ask\ncheckout ${hash("one")}  # since May\n\ncheckout ${hash("two")}\nranking\t${hash("three")}\n`;

it.each([
  [{ Authorization: "Bearer one" }, "checkout"],
  [{ authorization: "bearer two" }, "checkout"],
  [{ "X-API-Key": "three" }, "ranking"],
  [{ Authorization: "Basic one" }, undefined],
  [{ Authorization: "Bearer four" }, undefined],
  [{ Authorization: `Bearer ${hash("one")}` }, undefined],
  [{ "X-API-Key": "" }, undefined],
  [{}, undefined],
] as [Record<string, string>, string | undefined][])("%j is of %s", (headers, caller) => {
  expect(apiKeys(lines)(new Headers(headers))).toBe(caller);
});

it.each(["secret", `checkout ${"g".repeat(64)}`, `a b ${hash("one")}`])(
  "'%s' is no line, and isn't shown",
  (line) => {
    const define = () => apiKeys(`# first\n${line}`);
    expect(define).toThrow(expect.objectContaining({ code: "bad_api_keys", fields: { line: 2 } }) as Error);
    expect(define).not.toThrow(line);
  },
);
