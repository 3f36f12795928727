/*
 * Makes the README's pictures of the console, of a pipeline that runs:
 *
 *     npm start                                                             # and let it run for ten minutes
 *     node test/support/console-screenshots.ts http://127.0.0.1:8080        # in another terminal
 *
 * It writes `test/data/console-*.png`, and fails where one is larger than the README should load.
 */
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromePath, openBrowser, openPage } from "./browser.ts";

const MOST_BYTES = 80_000;
/** What is pictured: a page, a text that stands on it once it has its data, the colours, the heading it is scrolled to. */
const PICTURES = [
  { name: "overview", hash: "", text: /Where every message went/, theme: "light", top: "" },
  {
    name: "view",
    hash: "views/user_purchases",
    text: /The newest pane of/,
    theme: "dark",
    top: "Values",
  },
] as const;

const [, , url = "http://127.0.0.1:8080"] = process.argv;
const chrome = chromePath(process.env);
if (chrome === undefined) throw new Error("no Chromium or Chrome is found: set CHROME_PATH");
const browser = await openBrowser(chrome);
try {
  for (const { name, hash, text, theme, top } of PICTURES) {
    const { page } = await openPage(browser, url, hash);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: 1020, height: 550 });
    await page.locator("main").getByText(text).first().waitFor();
    const heading = `[...document.querySelectorAll("h2")].find((each) => each.textContent.trim() === "${top}")`;
    // Into view is not enough for the header: what stands above it, a margin, would be cut off.
    await page.evaluate(top === "" ? "scrollTo(0, 0)" : `${heading}.scrollIntoView()`);
    const file = fileURLToPath(new URL(`../data/console-${name}.png`, import.meta.url));
    await page.screenshot({ path: file });
    const { size } = await stat(file);
    process.stdout.write(`${file}: ${String(size)} bytes\n`);
    if (size > MOST_BYTES) {
      process.stderr.write(`that is too much: ${String(MOST_BYTES)} at most
`);
      process.exitCode = 1;
    }
  }
} finally {
  await browser.close();
}
