import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";

const SCRIPT = fileURLToPath(new URL("../../../infra/local/console-build.ts", import.meta.url));

it("builds the page once, of files of its own alone", async () => {
  const local = tempFolder();
  const build = async () => {
    const env = { ...process.env, FRESHET_LOCAL: local };
    return (await promisify(execFile)(process.execPath, [SCRIPT], { env })).stdout.trim();
  };
  const folder = await build();
  expect(path.dirname(folder)).toBe(path.join(local, "console"));
  const html = await readFile(path.join(folder, "index.html"), "utf8");
  expect(html).not.toMatch(/<script>|<style|style=|javascript:|https?:/);
  const named = [...html.matchAll(/(?:src|href)="\/console\/([^"]+)"/g)].map(([, file]) => file ?? "");
  expect(named.map((file) => path.extname(file)).sort()).toEqual([".css", ".js", ".svg"]);
  const built = (await readdir(path.join(folder, "assets"))).map((file) => `assets/${file}`);
  expect(built).toEqual(expect.arrayContaining(named));

  const { mtimeMs } = await stat(path.join(folder, "index.html"));
  expect(await build()).toBe(folder);
  expect((await stat(path.join(folder, "index.html"))).mtimeMs).toBe(mtimeMs);
});
