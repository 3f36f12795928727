import { defineServices } from "../define/index.ts";
import { fraud } from "./fraud.ts";
import { ranking } from "./ranking.ts";
import { features } from "./registry.ts";

/** All feature services: what `freshet serve` serves. A new service is a file here and an entry below. */
export const services = defineServices(features, [fraud, ranking]);
