/**
 * Writes the README's tables of the deployment: what the Pulumi program declares for preset `prod`, every role that
 * it gives, and the keys of a stack's configuration. Each stands between two comments:
 *
 *     <!-- resources --> … <!-- /resources -->
 *
 *     node infra/resource-table.ts             writes what has changed
 *     node infra/resource-table.ts --check     exits 1 when the README is not what would be written
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { FreshetError } from "../pipeline/core/errors.ts";
import { features } from "../pipeline/features/registry.ts";
import { readStackConfig } from "./config.ts";
import { settings } from "./config/settings.ts";
import { declaredResources } from "./declared-resources.ts";
import { deploy } from "./deploy.ts";
import { CHECKOUT } from "./local/install/context.ts";
import { presetValues } from "./presets.ts";
import { resourceTable, roleTable, settingsTable } from "./resource-table/tables.ts";

const PRESET = "prod";

/** Thrown when a text has no place for a table. */
export class NoPlaceError extends FreshetError {
  constructor(name: string) {
    super("no_place", `README.md has no <!-- ${name} --> and <!-- /${name} --> after it`, { name });
  }
}

/** The tables by the name of their place. */
export async function readmeTables(): Promise<Readonly<Record<string, string>>> {
  const values = {
    ...presetValues(PRESET),
    "gcp:project": settings.project.example,
    "freshet:image": settings.image.example,
    "freshet:alertEmail": settings.alertEmail.example,
    "freshet:serverImage": settings.serverImage.example,
    "freshet:serverCallers": settings.serverCallers.example,
    "freshet:serverLogVectors": "1",
    "freshet:serverConsole": "true",
  };
  const config = readStackConfig({ stack: PRESET, values }, features.plans);
  const workDir = mkdtempSync(path.join(tmpdir(), "freshet-table-"));
  try {
    const declared = await declaredResources(PRESET, () =>
      deploy({ registry: features, config, workDir, hasEngine: false }),
    );
    return {
      resources: resourceTable(declared),
      roles: roleTable(declared),
      settings: settingsTable(Object.values(settings)),
    };
  } finally {
    rmSync(workDir, { recursive: true });
  }
}

/**
 * Puts tables into their places in a text.
 * @throws NoPlaceError
 */
export function withTables(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((result, [name, table]) => {
    const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = result.indexOf(start);
    const to = result.indexOf(end, from);
    if (from < 0 || to < 0) throw new NoPlaceError(name);
    return `${result.slice(0, from + start.length)}\n\n${table}\n\n${result.slice(to)}`;
  }, text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const readme = path.join(CHECKOUT, "README.md");
  const before = readFileSync(readme, "utf8");
  const options = { ...(await prettier.resolveConfig(readme)), filepath: readme };
  const after = await prettier.format(withTables(before, await readmeTables()), options);
  if (after === before) return;
  if (values.check) {
    console.error(
      "README.md: its tables are not what the program declares. Run: node infra/resource-table.ts",
    );
    process.exitCode = 1;
  } else {
    writeFileSync(readme, after);
    console.log("README.md: changed");
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof FreshetError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
