/*
 * One request to a service, written out for a shell, for TypeScript and for Python. Keys of the API are never in it: each
 * takes them from the environment.
 */

/** A request to a service, as the try-out form has it. */
export interface Asked {
  /** `http://127.0.0.1:8080` */
  readonly server: string;
  /** `fraud`, or `fraud@1` */
  readonly service: string;
  readonly keys: readonly Readonly<Record<string, string>>[];
  readonly request: Readonly<Record<string, unknown>>;
  /** Whether callers need a key. */
  readonly secured: boolean;
}

/** A line for a shell. */
export function curlLine({ server, service, keys, request, secured }: Asked): string {
  const parts = [
    `curl -s ${shellText(`${server}/v1/services/${service}:read`)}`,
    "-H 'Content-Type: application/json'",
    ...(secured ? ['-H "Authorization: Bearer $FRESHET_API_KEY"'] : []),
    `-d ${shellText(JSON.stringify({ keys, request }))}`,
  ];
  return parts.join(" \\\n  ");
}

/** A call of the typed client. */
export function typescriptCall({ server, service, keys, request, secured }: Asked): string {
  const [name = "", version] = service.split("@");
  const options = [
    `url: ${JSON.stringify(server)}`,
    ...(secured ? ['apiKey: process.env["FRESHET_API_KEY"] ?? ""'] : []),
    ...(version === undefined ? [] : [`versions: { ${name}: ${version} }`]),
  ];
  const [only] = keys;
  const given = keys.length === 1 && only !== undefined ? only : keys;
  const isEmpty = Object.keys(request).length === 0;
  const call = [JSON.stringify(name), JSON.stringify(given), ...(isEmpty ? [] : [JSON.stringify(request)])];
  return [
    'import type { services } from "./pipeline/features/services.ts";',
    'import { featureClient } from "./pipeline/serving/client.ts";',
    "",
    `const client = featureClient<typeof services>({ ${options.join(", ")} });`,
    `const ${keys.length === 1 ? "vector" : "vectors"} = await client.${keys.length === 1 ? "read" : "readMany"}(${call.join(", ")});`,
    `console.log(${keys.length === 1 ? "vector" : "vectors"});`,
  ].join("\n");
}

/** A call with Python's standard library. */
export function pythonCall({ server, service, keys, request, secured }: Asked): string {
  return [
    `import json, ${secured ? "os, " : ""}urllib.request`,
    "",
    `body = ${pythonText({ keys, request })}`,
    'headers = {"Content-Type": "application/json"}',
    ...(secured ? ['headers["Authorization"] = "Bearer " + os.environ["FRESHET_API_KEY"]'] : []),
    `url = ${pythonText(`${server}/v1/services/${service}:read`)}`,
    "call = urllib.request.Request(url, json.dumps(body).encode(), headers)",
    "with urllib.request.urlopen(call) as answer:",
    '    print(json.load(answer)["results"])',
  ].join("\n");
}

/** A word that a shell takes as it is. */
export function shellText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A value as Python writes it; of what JSON has. */
export function pythonText(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value).map(([name, each]) => `${pythonText(name)}: ${pythonText(each)}`);
    return `{${entries.join(", ")}}`;
  }
  // JSON's escapes are Python's; half of a surrogate pair is the only thing that Python would not encode.
  return JSON.stringify(typeof value === "string" ? value.toWellFormed() : value);
}
