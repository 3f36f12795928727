import { createHash } from "node:crypto";
import type { DeadLetter } from "../core/model.ts";
import type { StoreCall } from "./errors.ts";

/**
 * The dead letter of a row that a store refused for what it holds: the row itself as JSON, since the messages that
 * it came from were all good.
 * @param publishTimeMs the newest publish time behind the row
 */
export function rejectedRow(
  store: StoreCall["store"],
  row: unknown,
  publishTimeMs: number,
  detail: string,
): DeadLetter {
  const data = Buffer.from(JSON.stringify(row));
  return {
    reason: "row_rejected",
    detail: `${store}: ${detail}`,
    message: {
      data,
      attributes: {},
      messageId: `row:${createHash("sha256").update(data).digest("base64url")}`,
      publishTimeMs,
      orderingKey: "",
    },
  };
}
