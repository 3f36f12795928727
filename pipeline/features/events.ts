import { shopEvent } from "../../schemas/generated/shop_event.ts";
import { defineEvent } from "../define/index.ts";

/** What shoppers do: purchases, refunds, views. */
export const shopEvents = defineEvent({
  name: "shop_event",
  schema: shopEvent,
  eventId: "event_id",
  eventTime: "occurred_at",
  nonEmpty: ["user_id", "item_id"],
});
