import path from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { CHECKOUT } from "../../../../infra/local/install/context.ts";
import { type Asked, typescriptCall } from "../../../../pipeline/serving/console/page/snippets.ts";

/*
 * The call of the typed client that the page of services shows: it is to be taken into a file of the project, and so it
 * must compile there. That it answers is shown in the browser, by `test/e2e/console.test.ts`.
 */
const purchase = {
  ...{ server: "http://127.0.0.1:8080", service: "fraud", secured: false },
  ...{ keys: [{ user_id: "it's" }], request: { amount_usd: 12.5 } },
};
const pair = { user_id: "u1", item_id: "kettle" };

/** By what each must not be refused for. */
const good: Readonly<Record<string, Asked>> = {
  "one key": purchase,
  "the whole request": { ...purchase, request: { amount_usd: 12.5, country: "DE" } },
  "a key of the API, and a version": { ...purchase, secured: true, service: "fraud@1" },
  "several keys": { ...purchase, keys: [{ user_id: "u1" }, { user_id: 'u"2' }] },
  "no request": { ...purchase, service: "ranking", keys: [pair], request: {} },
  "several keys and no request": { ...purchase, service: "ranking@1", keys: [pair, pair], request: {} },
};

/** What a server would refuse, the compiler refuses. */
const bad: Readonly<Record<string, Asked>> = {
  "an unknown service": { ...purchase, service: "frauds" },
  "a key that is none": { ...purchase, keys: [{ item_id: "kettle" }] },
  "a request without what it needs": { ...purchase, request: {} },
  "a request of another type": { ...purchase, request: { amount_usd: "12.5" } },
};

/** Compiles texts as files beside the project's own, by its settings: what is wrong with each. */
function faultsOf(texts: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  const file = path.join(CHECKOUT, "tsconfig.json");
  const config: unknown = ts.readConfigFile(file, (name) => ts.sys.readFile(name)).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, CHECKOUT);
  const files = new Map(
    Object.values(texts).map((text, i) => [path.join(CHECKOUT, `snippet-${String(i)}.ts`), text]),
  );
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    getSourceFile(file, version, ...rest) {
      const text = files.get(file);
      if (text === undefined) return disk.getSourceFile(file, version, ...rest);
      return ts.createSourceFile(file, text, version);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const faultsIn = (file: string) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  const faults = [...files.keys()].map(faultsIn);
  return Object.fromEntries(Object.keys(texts).map((name, i) => [name, faults[i] ?? []] as const));
}

it("compiles where the request is right, and where it isn't says so", () => {
  const all = { ...good, ...bad };
  const faults = faultsOf(
    Object.fromEntries(Object.entries(all).map(([name, asked]) => [name, typescriptCall(asked)])),
  );
  for (const name of Object.keys(good)) expect(faults[name], name).toEqual([]);
  for (const name of Object.keys(bad)) expect(faults[name], name).toHaveLength(1);
});
