/** Cases of the console's pages of keys, services and dead letters: `console.test.ts` runs them on its job. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import type { FeatureServer } from "../../pipeline/serving/feature-server.ts";
import type { ReadJson } from "../../pipeline/serving/vector-json.ts";
import { eventMessage } from "../../pipeline/stores/pubsub-messages.ts";
import { EXPLAINED, instructiveEvents } from "../support/audited.ts";
import { accessibilityFaults, openPage, overflow, type WatchedPage } from "../support/browser.ts";
import { archived, eventually, type LiveStores, publish } from "../support/live.ts";

/** What the cases are tried on: a server that may publish dead letters again. */
export interface InspectorGiven {
  readonly live: LiveStores;
  readonly browser: Browser;
  readonly server: FeatureServer;
}

const run = promisify(execFile);
const KEY = `keys/user_purchases/${EXPLAINED}`;

/** Declares the cases. @param given is asked when a case runs */
export function inspectorCases(given: () => InspectorGiven): void {
  const open = (hash: string) => openPage(given().browser, given().server.url, hash);

  it("shows in the key inspector what became of each event, and which panes hold it", async () => {
    const { live } = given();
    // JSON may write a key otherwise than its letters: it is the same key.
    const escaped = `{"event_id":"x-escaped","event_type":"purchase","user_id":"\\u0065xplained","item_id":"i","amount_usd":1,"country":"DE","occurred_at":${String(Date.now())}}`;
    await publish(live, [
      ...instructiveEvents(Date.now()),
      eventMessage(Buffer.from(escaped), { eventId: "x-escaped" }),
    ]);
    const { page, faults } = await open(KEY);
    const events = page.getByRole("region", { name: "Events, in publish order" });
    const fate = (event: string, what: RegExp) =>
      events.getByRole("row").filter({ hasText: event }).filter({ hasText: what }).first().waitFor();
    // It follows: what isn't there yet comes with one of the next readings.
    await fate("x-late", /late/);
    await fate("x-on-time", /duplicate/);
    await fate("x-clamped", /applied, clamped/);
    await fate("x-filtered", /filtered/);
    await fate("x-escaped", /applied/);
    await page.locator(".timeline .pane.chosen").waitFor();
    await page.getByText("answers →").waitFor();

    await events
      .getByRole("button", { name: /x-on-time/ })
      .first()
      .click();
    await page.getByText("It came in time and counts.").waitFor();
    const panes = page.getByRole("region", { name: "Panes, the newest first" });
    await panes.locator("tr.lit").first().waitFor();
    expect(await page.locator(".timeline .slice.lit").count()).toBe(1);

    await page.getByRole("button", { name: "10m back" }).click();
    await page.getByText(/^Past: /).waitFor();
    await page.getByText("None of 0 readable panes reaches this instant").waitFor();
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await page.locator(".timeline .pane.chosen").waitFor();
    await expectSound({ page, faults });
  });

  it("asks a service from its page: answered, refused at the field, and the same in code", async () => {
    const { page, faults } = await open("services/fraud");
    await page.getByLabel("user_id").fill(EXPLAINED);
    await page.getByLabel("amount_usd").fill("12.5");
    await page.getByRole("button", { name: "Ask" }).click();
    const vector = page.getByRole("region", { name: `Vector of ${EXPLAINED}` });
    await vector
      .getByRole("row")
      .filter({ hasText: "purchase_count_1h" })
      .filter({ hasText: "PRESENT" })
      .waitFor();

    const line = (await page.getByLabel("curl", { exact: true }).textContent()) ?? "";
    await page.getByRole("button", { name: "Python" }).click();
    const program = (await page.getByLabel("Python", { exact: true }).textContent()) ?? "";
    await page.getByRole("button", { name: "TypeScript" }).click();
    const call = (await page.getByLabel("TypeScript", { exact: true }).textContent()) ?? "";
    const [curl, python, typescript] = await Promise.all([
      run("sh", ["-c", line]),
      run("python3", ["-c", program]),
      run(process.execPath, ["--input-type=module-typescript", "--eval", call], { cwd: CHECKOUT }),
    ]);
    const [result] = (JSON.parse(curl.stdout) as ReadJson).results;
    expect(result?.features?.["purchase_count_1h"]).toMatchObject({ status: "PRESENT" });
    expect(python.stdout).toContain("'status': 'PRESENT'");
    expect(typescript.stdout).toMatch(/purchase_count_1h: [1-9]/);
    await expectSound({ page, faults }, true);

    await page.getByLabel("amount_usd").fill("-1");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByText(/400 The request does not meet its schema/).waitFor();
    expect(await page.getByLabel("amount_usd").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("user_id").getAttribute("aria-invalid")).toBe("false");
    await page.close();
  });

  it("publishes a dead letter again, and says before what it will do", async () => {
    const { live } = given();
    await publish(live, [eventMessage(Uint8Array.of(0x22, 0xff, 0x22))]);
    const { page, faults } = await open("dead-letters?reason=invalid_utf8");
    const letters = page.getByRole("region", { name: "Dead letters" });
    await eventually(async () => {
      await page.reload();
      await letters.getByRole("button", { name: /^Show/ }).waitFor({ timeout: 3_000 });
    });
    await letters.getByRole("button", { name: /^Show/ }).click();
    await page.getByLabel("Bytes as text").getByTitle("no UTF-8").waitFor();
    expect(await page.getByLabel("Bytes as text").textContent()).toBe('"FF"');
    await letters.getByRole("checkbox").check();
    await page.getByRole("button", { name: "Publish 1 selected again" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/will be published to shop_event/).waitFor();
    await expectSound({ page, faults }, true);
    await dialog.getByRole("button", { name: "Publish 1 again" }).click();
    await dialog.getByText("1 to shop_event.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await letters.getByRole("button", { name: /^Show/ }).last().click();
    await letters.getByText("Published again").waitFor();
    await eventually(async () => {
      const again = (await archived(live)).filter((each) => "freshet_first_message_id" in each.attributes);
      expect(again.map(({ data }) => [...data])).toEqual([[0x22, 0xff, 0x22]]);
    });
    await page.getByRole("link", { name: /^Late events/ }).click();
    await page
      .getByRole("region", { name: "Late events" })
      .getByRole("link", { name: EXPLAINED })
      .first()
      .click();
    await page.locator(".timeline svg").waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });
}

/** Nothing is wrong with the page, in both themes and at two widths. */
async function expectSound({ page, faults }: WatchedPage, isOpen = false): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 860 };
  for (const { colorScheme, width } of [
    { colorScheme: "light", width: size.width },
    { colorScheme: "dark", width: 390 },
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ ...size, width });
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
  expect(faults).toEqual([]);
  if (isOpen) await restore(page, size);
  else await page.close();
}

async function restore(page: Page, size: { readonly width: number; readonly height: number }): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(size);
}
