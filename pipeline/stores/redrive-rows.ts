import { formatInstant } from "../core/instant.ts";
import type { PubsubMessage } from "../core/model.ts";
import { digestOf, type InsertRow } from "./bigquery-rows.ts";
import { type BigqueryTable, field } from "./bigquery-tables.ts";

/** The id of the table of redrives. */
export const DEAD_LETTER_REDRIVES = "dead_letter_redrives";

/**
 * Which dead letters were published again. A table of its own, since rows that were just streamed can't be updated. A
 * message that fails once more is another dead letter, with a message id of its own, and has no row here.
 */
export const deadLetterRedrives: BigqueryTable = {
  id: DEAD_LETTER_REDRIVES,
  description: "Messages of dead letters that were published again, a row each time.",
  fields: [
    field("event", "STRING", "The event whose topic it was published to."),
    field("message_id", "STRING", "Pub/Sub's id of the dead letter's message."),
    field("publish_time", "TIMESTAMP", "When the dead letter's message was published."),
    field("redriven_at", "TIMESTAMP", "When it was published again."),
  ],
  // By the redrive, since BigQuery refuses streamed rows for days long past.
  partitionField: "redriven_at",
  clusterFields: ["message_id"],
};

/** That a dead letter's message was published again at an instant. */
export function redriveInsert(
  event: string,
  { messageId, publishTimeMs }: Pick<PubsubMessage, "messageId" | "publishTimeMs">,
  redrivenMs: number,
): InsertRow {
  return {
    insertId: digestOf([event, messageId, redrivenMs]),
    json: JSON.stringify({
      event,
      message_id: messageId,
      publish_time: formatInstant(publishTimeMs),
      redriven_at: formatInstant(redrivenMs),
    }),
  };
}
