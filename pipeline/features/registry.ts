import { defineRegistry } from "../define/index.ts";
import { itemActivity } from "./item-activity.ts";
import { userPurchases } from "./user-purchases.ts";

/**
 * All feature views. A new feature of a view is one line in the view's file (and a raised version); a new view is
 * a file here and an entry below.
 */
export const features = defineRegistry([userPurchases, itemActivity]);
