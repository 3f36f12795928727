import { z } from "zod";

/** What a caller may send, as JSON Schema in the dialect of OpenAPI 3.1, which names it itself. */
export function jsonSchema(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const all = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== "$schema"));
}
