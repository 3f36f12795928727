import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** One line of an invoice of the Online Retail data set. */
export interface RetailLine {
  /** Starts with "C" where goods came back. */
  readonly invoice: string;
  readonly stockCode: string;
  /** Negative where goods came back. */
  readonly quantity: number;
  /** To the minute, epoch milliseconds; the file says no zone, taken as UTC. */
  readonly invoiceDateMs: number;
  /** In the shop's currency, taken as dollars. */
  readonly unitPrice: number;
  /** "" where the shop didn't know the customer. */
  readonly customerId: string;
  /** By name, as in the file. */
  readonly country: string;
}

const FILE = new URL("../data/online-retail-2010-12.csv.gz", import.meta.url);

/**
 * The two days of the real shop under `test/data`, in the file's order.
 * @see https://archive.ics.uci.edu/dataset/352/online+retail
 */
export function readRetailLines(): RetailLine[] {
  const [, ...lines] = gunzipSync(readFileSync(FILE)).toString().trim().split(/\r?\n/);
  return lines.map(parseLine);
}

function parseLine(line: string): RetailLine {
  const [invoice = "", stockCode = "", , quantity, date = "", unitPrice, customerId = "", country = ""] =
    cells(line);
  return {
    invoice,
    stockCode,
    quantity: Number(quantity),
    invoiceDateMs: Date.parse(`${date.replace(" ", "T")}Z`),
    unitPrice: Number(unitPrice),
    // Customers are whole numbers that some spreadsheet made decimals of.
    customerId: customerId.replace(/\.0$/, ""),
    country,
  };
}

/** The cells of one line of CSV; quoted ones may hold commas and doubled quotes. No cell of this file holds a line break. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
