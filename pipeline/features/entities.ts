import { defineEntity } from "../define/index.ts";

/** A shopper. */
export const user = defineEntity({ name: "user", key: "user_id" });

/** A thing on sale. */
export const item = defineEntity({ name: "item", key: "item_id" });
