import { hash } from "node:crypto";
import type { DeadLetter } from "../core/model.ts";
import type { StoreCall } from "./errors.ts";

/**
 * The dead letter of a row that a store refused for what it holds: the row itself, since the messages that it came from
 * were all good.
 * @param row as JSON
 * @param publishTimeMs the newest publish time behind the row
 */
export function rejectedRow(
  store: StoreCall["store"],
  row: string,
  publishTimeMs: number,
  detail: string,
): DeadLetter {
  const data = Buffer.from(row);
  return {
    reason: "row_rejected",
    detail: `${store}: ${detail}`,
    message: {
      data,
      attributes: {},
      messageId: `row:${hash("sha256", row, "base64url")}`,
      publishTimeMs,
      orderingKey: "",
    },
  };
}
