import { defineEntity, defineEvent, DefinitionError } from "../../pipeline/define/index.ts";

/** An event with a field of each kind, beside what an event needs. */
export interface Sample {
  readonly id: string;
  readonly who: string;
  readonly what: "a" | "b";
  readonly paid: boolean;
  readonly amount: number;
  readonly ratio: number;
  readonly pieces: number;
  readonly big: number;
  readonly at: number;
}

/** The schema of `Sample`. */
export const sampleAvro = {
  type: "record",
  name: "Sample",
  fields: [
    { name: "id", type: "string" },
    { name: "who", type: "string" },
    { name: "what", type: { type: "enum", name: "What", symbols: ["a", "b"] } },
    { name: "paid", type: "boolean" },
    { name: "amount", type: "double" },
    { name: "ratio", type: "float" },
    { name: "pieces", type: "int" },
    { name: "big", type: "long" },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
  ],
} as const;

/** How `Sample` is defined; tests change a part of it. */
export const sampleOptions = {
  name: "sample",
  schema: { name: "sample", revisions: [{ id: "1", avro: sampleAvro }] } as {
    readonly name: string;
    readonly revisions: readonly { readonly id: string; readonly avro: unknown }[];
    readonly $record?: Sample;
  },
  eventId: "id",
  eventTime: "at",
  nonEmpty: ["who"],
} as const;

/** The event of `Sample`. */
export const sample = defineEvent(sampleOptions);
/** The entity of a sample's `who`. */
export const person = defineEntity({ name: "person", key: "who" });

/** A view of `Sample` without its features. */
export const sampleView = {
  name: "v",
  version: 1,
  source: sample,
  entity: person,
  window: { slide: "1m", allowedLateness: "5m" },
  freshness: "1m",
} as const;

/** The DefinitionError that a definition throws. */
export function definitionError(define: () => unknown): DefinitionError {
  try {
    define();
  } catch (error) {
    if (error instanceof DefinitionError) return error;
    throw error;
  }
  throw new Error("the definition was accepted");
}
