/*
 * Builds the console's page, where it isn't built yet: `node infra/local/console-build.ts` prints its folder.
 * With `--dev [http://127.0.0.1:8080]` it serves the page from its sources instead, on the API of a running server.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { InlineConfig } from "vite";
import { messageOf } from "../../pipeline/core/error-message.ts";
import { FreshetError } from "../../pipeline/core/errors.ts";
import { CHECKOUT, localDir } from "./install/context.ts";
import { isLoopback } from "../../pipeline/serving/console/guard.ts";
import { installOnce, readRecord } from "./install/install-once.ts";

const CONSOLE = path.join(CHECKOUT, "pipeline", "serving", "console");
const PAGE = path.join(CONSOLE, "page");
/** What a built page depends on: its sources, the functions that it shares with the server, and the tools' versions. */
const SOURCES = [CONSOLE, path.join(CHECKOUT, "pipeline", "core"), path.join(CHECKOUT, "package.json")];
const SELF = fileURLToPath(import.meta.url);

/** Thrown where the page can't be built. The server runs without it. */
export class ConsoleBuildError extends FreshetError {
  constructor(cause: unknown) {
    const why = messageOf(cause).trim().split("\n").at(-1) ?? "";
    super("console_build", `the console's page can't be built: ${why}`, {}, { cause });
  }
}

/**
 * The folder of the built page. It is built on first need, in a process of its own, since a bundler's memory would stay
 * with the server; a program that has no bundler (an image) finds what was built for it.
 * @throws ConsoleBuildError
 */
export async function ensureConsole(): Promise<string> {
  const folder = await folderOf();
  if ((await readRecord(folder)) !== undefined) return folder;
  try {
    await promisify(execFile)(process.execPath, [SELF], { env: process.env });
  } catch (error) {
    throw new ConsoleBuildError((error as { stderr?: string }).stderr || error);
  }
  return folder;
}

/** Builds the page here and now. */
async function buildConsole(): Promise<string> {
  const folder = await folderOf();
  await installOnce(folder, async (staging) => {
    const { build } = await import("vite");
    await build({
      ...config(),
      build: {
        outDir: staging,
        emptyOutDir: true,
        target: "es2024",
        assetsInlineLimit: 0, // the page's policy takes no data: URLs
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
      },
    });
    return { page: "console" };
  });
  await removeOthers(folder);
  return folder;
}

/** Serves the sources, for whoever changes them. */
async function serveSources(api: string): Promise<void> {
  const { createServer } = await import("vite");
  // A server of this machine takes the browser's own Host for its page's, and so lets the page publish again.
  const target = { target: api, changeOrigin: !isLoopback(new URL(api).hostname) };
  // `/console/api` alone would take the page's own `api.ts` too.
  const proxy = { "/console/api/": target, "/v1/": target, "/metrics": target };
  // The few packages are ES modules already. The scan for others would take the page for one of React's, and fail.
  const optimizeDeps = { noDiscovery: true };
  const server = await createServer({ ...config(), logLevel: "info", server: { proxy }, optimizeDeps });
  await server.listen();
  server.printUrls();
}

function config(): InlineConfig {
  return {
    root: PAGE,
    base: "/console/",
    configFile: false,
    publicDir: false,
    logLevel: "error",
    cacheDir: path.join(localDir(process.env), "vite"),
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  };
}

/** Named by the content of the sources, so that a change is built anew. */
async function folderOf(): Promise<string> {
  const files = (await Promise.all(SOURCES.map(filesOf))).flat().sort();
  const hash = createHash("sha256");
  for (const file of [...files, SELF]) {
    hash.update(`${path.relative(CHECKOUT, file)}\0`).update(await readFile(file));
  }
  return path.join(localDir(process.env), "console", hash.digest("hex").slice(0, 16));
}

async function filesOf(where: string): Promise<string[]> {
  if (where.endsWith(".json")) return [where];
  const entries = await readdir(where, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
}

/** A server holds its page in memory: no folder but the newest is needed. */
async function removeOthers(folder: string): Promise<void> {
  const parent = path.dirname(folder);
  for (const name of await readdir(parent)) {
    const other = path.join(parent, name);
    if (other === folder || (await readRecord(other)) === undefined) continue;
    await rm(other, { recursive: true, force: true });
  }
}

if (process.argv[1] === SELF) {
  const [, , option, api = "http://127.0.0.1:8080"] = process.argv;
  if (option === "--dev") await serveSources(api);
  else process.stdout.write(`${await buildConsole()}\n`);
}
