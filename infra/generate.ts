/**
 * Generates `schemas/generated/` from `schemas/<event>/<revision>.avsc`: for each event its TypeScript type, all
 * its revisions as data, and its columns in BigQuery.
 *
 *     npm run generate                 writes what has changed
 *     npm run check:drift              exits 1 when a committed file is not what would be generated
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { FreshetError } from "../pipeline/core/errors.ts";
import { bigQueryColumns, eventModule } from "./generate/event-files.ts";
import { readRevisions } from "./generate/revisions.ts";

/** What stands wrong in `schemas/generated/`: a path, and why. */
export interface Drift {
  readonly path: string;
  readonly why: "changed" | "missing" | "left over";
}

/**
 * All generated files of a schemas folder.
 * @param schemasDir holds a folder per event
 * @returns content by path within `generated/`
 * @throws EventSchemaError
 */
export function generateAll(schemasDir: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(schemasDir, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === "generated") continue;
    const revisions = readRevisions(join(schemasDir, entry.name));
    files.set(`${entry.name}.ts`, eventModule(entry.name, revisions));
    files.set(`${entry.name}.bigquery.json`, bigQueryColumns(entry.name, revisions));
  }
  return files;
}

/** Compares the generated files with those on disk. */
export function findDrift(files: ReadonlyMap<string, string>, generatedDir: string): Drift[] {
  const onDisk = new Set(existsSync(generatedDir) ? readdirSync(generatedDir) : []);
  const drift: Drift[] = [];
  for (const [path, content] of files) {
    if (!onDisk.has(path)) drift.push({ path, why: "missing" });
    else if (readFileSync(join(generatedDir, path), "utf8") !== content) drift.push({ path, why: "changed" });
  }
  for (const path of onDisk) if (!files.has(path)) drift.push({ path, why: "left over" });
  return drift;
}

/** Mends drift: writes what is missing or changed, removes what is left over. */
export function mendDrift(
  drift: readonly Drift[],
  files: ReadonlyMap<string, string>,
  generatedDir: string,
): void {
  mkdirSync(generatedDir, { recursive: true });
  for (const { path } of drift) {
    const content = files.get(path);
    if (content === undefined) rmSync(join(generatedDir, path));
    else writeFileSync(join(generatedDir, path), content);
  }
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const schemasDir = join(import.meta.dirname, "../schemas");
  const generatedDir = join(schemasDir, "generated");
  const files = generateAll(schemasDir);
  const drift = findDrift(files, generatedDir);
  for (const { path, why } of drift) {
    console.log(`${relative(process.cwd(), join(generatedDir, path))}: ${why}`);
  }
  if (!values.check) {
    mendDrift(drift, files, generatedDir);
  } else if (drift.length > 0) {
    console.error("schemas/generated is not what its sources give. Run: npm run generate");
    process.exitCode = 1;
  }
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof FreshetError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
