import type { ShopEvent } from "../../schemas/generated/shop_event.ts";
import type { Random } from "../../infra/local/simulator/random.ts";
import type { RetailLine } from "./retail-lines.ts";

const MINUTE_MS = 60_000;

/** The countries that come up in the two days. */
const ISO_CODES: Readonly<Record<string, string>> = {
  Australia: "AU",
  EIRE: "IE",
  France: "FR",
  Germany: "DE",
  Netherlands: "NL",
  Norway: "NO",
  "United Kingdom": "GB",
};

/**
 * One invoice line as an event:
 * - a positive quantity is a purchase; a negative one, or an invoice that starts with "C", a refund;
 * - the amount is quantity times unit price, never negative;
 * - without a customer, everything on one invoice is done by the user `guest-<invoice>`;
 * - the file's times are to the minute: the event happens somewhere within it.
 * @param index of the line in the file: the same article may stand twice on one invoice
 */
export function toShopEvent(line: RetailLine, index: number, random: Random): ShopEvent {
  const refund = line.quantity < 0 || line.invoice.startsWith("C");
  const country = ISO_CODES[line.country];
  if (country === undefined) throw new Error(`no ISO code is known for ${line.country}`);
  return {
    event_id: `${line.invoice}-${index}`,
    event_type: refund ? "refund" : "purchase",
    user_id: line.customerId === "" ? `guest-${line.invoice}` : line.customerId,
    item_id: line.stockCode,
    amount_usd: Math.round(Math.abs(line.quantity) * line.unitPrice * 100) / 100,
    country,
    occurred_at: line.invoiceDateMs + random.integer(MINUTE_MS),
  };
}
