import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureConsole } from "../../infra/local/console-build.ts";
import { jobCounts } from "../../pipeline/commands/job-counts.ts";
import { StatusSource } from "../../pipeline/commands/status.ts";
import { features } from "../../pipeline/features/registry.ts";
import { services } from "../../pipeline/features/services.ts";
import {
  type FeatureServer,
  type FeatureServerOptions,
  startFeatureServer,
} from "../../pipeline/serving/feature-server.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import {
  accessibilityFaults,
  chromePath,
  openBrowser,
  openPage,
  overflow,
  type WatchedPage,
} from "../support/browser.ts";
import { type Live, publish, startLive } from "../support/live.ts";
import { shopTraffic } from "../support/shop-traffic.ts";
import { inspectorCases } from "./console-inspector.ts";

/*
 * The console in a real browser, on the main job: Pub/Sub to stores to page. It proves neither other browsers than
 * Chromium, nor how a page looks.
 */
const chrome = chromePath(process.env);
if (chrome === undefined) {
  console.warn(
    "no Chromium or Chrome is found: set CHROME_PATH, or the console's tests in a browser are skipped",
  );
}

/** Every page, and a text that stands on it once it has its data. */
const PAGES: readonly (readonly [hash: string, text: RegExp])[] = [
  ["", /on their way|adds up/],
  ["views", /user_purchases/],
  ["views/user_purchases", /The newest pane of [\d,]+ user keys/],
  ["lineage", /schemas\/shop_event/],
];

let live: Live;
let browser: Browser;
let server: FeatureServer;
/** The log of all servers. */
const said: string[] = [];
/** What there is to end, however far the start came. */
const running: { live?: Live; browser?: Browser; server?: FeatureServer } = {};

function serve(changes: Partial<FeatureServerOptions>): Promise<FeatureServer> {
  return startFeatureServer({
    services,
    stores: live.session.stores,
    host: "127.0.0.1",
    port: 0,
    limits: { keys: 10, bodyBytes: 10_000, deadlineMs: 10_000 },
    admission: { concurrent: 8, queued: 8 },
    logFraction: 0,
    accessLog: false,
    write: (line) => said.push(line),
    ...changes,
  });
}

describe.skipIf(chrome === undefined)("the console", () => {
  let page: string;
  beforeAll(async () => {
    const starting = [startLive(), ensureConsole(), openBrowser(chrome ?? "")] as const;
    [live, page, browser] = await Promise.all(starting);
    Object.assign(running, { live, browser });
    const source = new StatusSource(features, live.session.stores, live.job.metrics);
    const startedMs = Date.now();
    const job = async (nowMs: number) => jobCounts(await source.read(nowMs), startedMs);
    server = await serve({ console: { page, job, changes: true } });
    running.server = server;
    await publish(live, shopTraffic(Date.now).next(60));
  });
  afterAll(async () => {
    await running.browser?.close();
    await running.server?.stop(0);
    await running.live?.stop();
  });

  /** Opens a page and waits until it has its data. */
  async function shown(hash: string, text: RegExp): Promise<WatchedPage> {
    const opened = await openPage(browser, server.url, hash);
    await opened.page.locator("main").getByText(text).first().waitFor();
    return opened;
  }

  it("shows a late event move", async () => {
    const { page: overview, faults } = await shown("", /on their way|adds up/);
    const edge = overview.locator('[data-edge="user_purchases/late"]');
    await overview.locator('[data-edge="user_purchases/late"]:not([data-count="0"])').waitFor();
    const before = Number(await edge.getAttribute("data-count"));
    const late = {
      event_id: "seen-late",
      event_type: "purchase",
      user_id: "u1",
      item_id: "i1",
      amount_usd: 1,
      country: "DE",
      occurred_at: Date.now() - 3_600_000,
    };
    await publish(live, [eventMessage(Buffer.from(JSON.stringify(late)), { eventId: late.event_id })]);
    await overview.locator(`[data-edge="user_purchases/late"][data-count="${String(before + 1)}"]`).waitFor();
    expect(faults).toEqual([]);
    await overview.close();
  });

  it.each(PAGES)("#/%s has its data, in both themes and at two widths", async (hash, text) => {
    const { page: opened, faults } = await shown(hash, text);
    expect(await opened.locator("main .failed").count()).toBe(0);
    expect(await accessibilityFaults(opened)).toEqual([]);
    expect(await overflow(opened)).toBeLessThanOrEqual(0);
    await opened.emulateMedia({ colorScheme: "dark" });
    await opened.setViewportSize({ width: 390, height: 844 });
    expect(await accessibilityFaults(opened)).toEqual([]);
    expect(await overflow(opened)).toBeLessThanOrEqual(0);
    expect({ faults, said }).toEqual({ faults: [], said: [] });
    await opened.close();
  });

  it("is used with the keyboard: past the navigation, to another page, and its theme stays", async () => {
    const { page: opened } = await shown("", /Freshness/);
    await opened.keyboard.press("Tab");
    await opened.keyboard.press("Enter"); // "Skip to the content"
    expect(await opened.evaluate("document.activeElement.tagName")).toBe("H1");
    await opened.getByRole("link", { name: "Lineage" }).focus();
    await opened.keyboard.press("Enter");
    await opened.getByRole("heading", { level: 1, name: "Lineage" }).waitFor();
    expect(await opened.evaluate("document.activeElement.textContent")).toBe("Lineage");
    await opened.getByRole("button", { name: "Theme" }).press("Enter");
    await opened.reload();
    expect(await opened.locator("html").getAttribute("data-theme")).toBe("light");
    await opened.close();
  });

  it("asks for a key where the server does, keeps it for the tab, and says when the server is gone", async () => {
    const hash = createHash("sha256").update("sesame").digest("hex");
    const locked = await serve({ console: { page, changes: false }, apiKeys: `tester ${hash}` });
    const { page: opened } = await openPage(browser, locked.url);
    const enter = async (key: string) => {
      await opened.getByLabel("Key").fill(key);
      await opened.getByRole("button", { name: "Use key" }).click();
    };
    await enter("wrong");
    await opened.getByText("doesn’t know this key").waitFor();
    expect(await accessibilityFaults(opened)).toEqual([]);
    await enter("sesame");
    await opened.getByText("Live from the stores").waitFor();
    await opened.reload();
    await opened.getByText("No job runs in this process").waitFor();
    await locked.stop(60_000); // it waits for no browser
    await opened.getByText("Not connected").waitFor();
    await opened.close();
  });

  inspectorCases(() => ({ live, browser, server }));
});
