import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** A file of the console's page. */
export interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** The page's files by their paths below it: `index.html`, `assets/main-1a2b3c.js`. */
export type Assets = ReadonlyMap<string, Asset>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads the built page into memory: it is small, and a request can then name no other file. */
export async function loadAssets(folder: string): Promise<Assets> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && path.extname(entry.name) in TYPES);
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const file = path.join(parentPath, name);
        const type = TYPES[path.extname(name)] ?? "";
        const below = path.relative(folder, file).split(path.sep).join("/");
        return [below, { bytes: new Uint8Array(await readFile(file)), type }] as const;
      }),
    ),
  );
}
