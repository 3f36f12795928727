import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { services } from "../../../../pipeline/features/services.ts";
import { hexLines, textParts } from "../../../../pipeline/serving/console/page/bytes.ts";
import { requestFields, requestOf } from "../../../../pipeline/serving/console/page/services/fields.ts";
import {
  curlLine,
  pythonText,
  shellText,
  typescriptCall,
} from "../../../../pipeline/serving/console/page/snippets.ts";
import { jsonSchema } from "../../../../pipeline/serving/json-schema.ts";

describe("bytes as text", () => {
  it("mark each byte that is no UTF-8, and what nobody can see", () => {
    const bytes = Uint8Array.of(0x4d, 0xc3, 0xbc, 0xff, 0xc3, 0x00, 0x0a, 0xe2, 0x80, 0xae, 0xed, 0xa0, 0x80);
    expect(textParts(bytes).map(({ text, kind }) => [kind, text])).toEqual([
      ["text", "Mü"],
      ["invalid", "FF"],
      ["invalid", "C3"],
      ["control", "U+0000"],
      ["text", "\n"],
      ["control", "U+202E"], // it would turn the text around
      ["invalid", "ED"], // half of a surrogate pair is no character
      ["invalid", "A0"],
      ["invalid", "80"],
    ]);
  });

  it("are the text where all of them are well-formed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const parts = textParts(Buffer.from(text));
        expect(parts.some(({ kind }) => kind === "invalid")).toBe(false);
        const shown = parts.map(({ text: part, kind }) =>
          kind === "text" ? part : String.fromCodePoint(Number.parseInt(part.slice(2), 16)),
        );
        expect(shown.join("")).toBe(text);
      }),
      { seed: 3 },
    );
  });

  it("are well-formed exactly where a strict decoder says so", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const isValid = Buffer.from(bytes).equals(
          Buffer.from(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)),
        );
        expect(textParts(bytes).every(({ kind }) => kind !== "invalid")).toBe(isValid);
      }),
      { seed: 4, numRuns: 2_000 },
    );
  });

  it("stand in lines of sixteen in hex", () => {
    const lines = hexLines(Uint8Array.from({ length: 18 }, (_, i) => (i === 17 ? 0xff : 0x61)));
    expect(lines.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      ["00000000", 16],
      ["00000010", 2],
    ]);
    expect(lines[1]?.bytes).toEqual([
      { hex: "61", isInvalid: false },
      { hex: "FF", isInvalid: true },
    ]);
  });
});

describe("a request in code", () => {
  const asked = {
    ...{ server: "http://127.0.0.1:8080", service: "fraud", secured: true },
    ...{ keys: [{ user_id: "it's" }], request: { amount_usd: 12.5 } },
  };

  it("names no key of the API", () => {
    expect(curlLine(asked)).toBe(
      [
        "curl -s 'http://127.0.0.1:8080/v1/services/fraud:read' \\",
        "  -H 'Content-Type: application/json' \\",
        '  -H "Authorization: Bearer $FRESHET_API_KEY" \\',
        `  -d '{"keys":[{"user_id":"it'\\''s"}],"request":{"amount_usd":12.5}}'`,
      ].join("\n"),
    );
    expect(typescriptCall({ ...asked, service: "fraud@1" })).toContain(
      'featureClient<typeof services>({ url: "http://127.0.0.1:8080", apiKey: process.env["FRESHET_API_KEY"] ?? "", versions: { fraud: 1 } });\n' +
        'const vector = await client.read("fraud", {"user_id":"it\'s"}, {"amount_usd":12.5});',
    );
  });

  it("is taken by a shell and by Python as it was meant, whatever is in it", () => {
    const values = fc.sample(fc.jsonValue({ maxDepth: 2, noUnicodeString: false }), { seed: 5, numRuns: 60 });
    const texts = values.map((value) => JSON.stringify(value).replaceAll("\\u0000", ""));
    const echoed = execFileSync("sh", ["-c", `printf '%s\\n' ${texts.map(shellText).join(" ")}`]).toString();
    expect(echoed).toBe(`${texts.join("\n")}\n`);
    const program = `import json\nprint(json.dumps(${pythonText(values)}))`;
    const told = JSON.parse(execFileSync("python3", ["-"], { input: program }).toString()) as unknown;
    expect(told).toEqual(JSON.parse(JSON.stringify(values)));
  });
});

describe("a form of a request", () => {
  it("has a field of its type for each of the schema's", () => {
    const schema = services.find("fraud")?.request;
    if (schema === undefined) throw new Error("no service");
    expect(requestFields(jsonSchema(schema))).toEqual([
      { name: "amount_usd", kind: "number", choices: [], isRequired: true, hint: "at least 0" },
      { name: "country", kind: "text", choices: [], isRequired: false, hint: "2 characters" },
    ]);
  });

  it("sends what was entered as its type, leaves out what was not, and leaves faults to the server", () => {
    const field = (name: string, kind: "number" | "boolean" | "json" | "text") => ({
      ...{ name, kind, choices: [], isRequired: false, hint: "" },
    });
    const fields = [
      field("n", "number"),
      field("b", "boolean"),
      field("j", "json"),
      field("t", "text"),
      field("e", "text"),
    ];
    expect(requestOf(fields, { n: "1e3", b: "false", j: "[1]", t: "12", e: "" })).toEqual({
      ...{ n: 1000, b: false, j: [1], t: "12" },
    });
    expect(requestOf(fields, { n: "twelve", j: "{" })).toEqual({ n: "twelve", j: "{" });
    expect(requestOf(fields, { n: "true" })).toEqual({ n: "true" });
  });
});
