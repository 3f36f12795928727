/** A real browser for tests of the console, and what a page must not do in it. */
import { accessSync, constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** Where a Chromium or Chrome is: `CHROME_PATH`, else on PATH, else where macOS has it; `undefined`: nowhere. */
export function chromePath(env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter(Boolean);
  const onPath = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return [env["CHROME_PATH"], ...onPath, ...PLACES].find((file) => file !== undefined && isExecutable(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the browser, without a window. */
export function openBrowser(executablePath: string): Promise<Browser> {
  // A container's root has no sandbox of its own; the only page that is opened is ours.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Longest wait for something that must happen; no test depends on how long it takes. */
const PATIENCE_MS = 60_000;

/** A page, and what went wrong in it: messages of its console, errors, and requests to others than its own server. */
export interface WatchedPage {
  readonly page: Page;
  readonly faults: string[];
}

/** Opens an address of the console. @param url of the server, without a path */
export async function openPage(browser: Browser, url: string, hash = ""): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme: "light" });
  page.setDefaultTimeout(PATIENCE_MS);
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${url}/`)) faults.push(`external request: ${request.url()}`);
  });
  await page.goto(`${url}/console/#/${hash}`);
  return { page, faults };
}

/** What axe finds wrong with the page as it stands: rule, and where. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Not as a script of the page: its policy would rightly refuse it.
  await page.evaluate(await axeSource());
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}

/** How far the page is wider than its window, px. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
}

async function axeSource(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
}
