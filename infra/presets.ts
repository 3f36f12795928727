import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { CHECKOUT } from "./local/install/context.ts";

/** The settings of a preset, `Pulumi.<preset>.yaml`, as Pulumi gives them to the program: every one a text. */
export function presetValues(preset: "small" | "prod"): Record<string, string> {
  const file = readFileSync(path.join(CHECKOUT, `Pulumi.${preset}.yaml`), "utf8");
  const { config } = parse(file) as { config: Record<string, unknown> };
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, String(value)]));
}
