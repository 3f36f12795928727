import { describe, expect, it } from "vitest";
import { EventSchemaError } from "../../pipeline/core/avro-schema.ts";
import { defineEntity, defineEvent } from "../../pipeline/define/index.ts";
import { definitionError, sampleAvro, sampleOptions } from "../support/define.ts";

describe("an event's plan", () => {
  it("says which field means what; the event id is a key too", () => {
    expect(defineEvent(sampleOptions).plan).toEqual({
      name: "sample",
      revisions: [{ id: "1", avro: sampleAvro }],
      eventIdField: "id",
      eventTimeField: "at",
      keyFields: ["id", "who"],
      maxClockSkewMs: 60_000,
    });
  });

  it("names each key once", () => {
    const { plan } = defineEvent({ ...sampleOptions, nonEmpty: ["id", "who", "who"], maxClockSkew: "0s" });
    expect(plan.keyFields).toEqual(["id", "who"]);
    expect(plan.maxClockSkewMs).toBe(0);
  });
});

describe("an event that can't work", () => {
  const event = (change: object) => () => defineEvent({ ...sampleOptions, ...change });

  it.each([
    ["bad_name", "name", event({ name: "shop-event" })],
    ["no_revisions", "schema", event({ schema: { name: "sample", revisions: [] } })],
    ["unknown_field", "eventId", event({ eventId: "nope" })],
    ["wrong_field_type", "eventId", event({ eventId: "amount" })],
    ["unknown_field", "nonEmpty", event({ nonEmpty: ["nope"] })],
    ["wrong_field_type", "nonEmpty", event({ nonEmpty: ["paid"] })],
    ["wrong_field_type", "eventTime", event({ eventTime: "who" })],
    ["wrong_field_type", "eventTime", event({ eventTime: "big" })],
    ["bad_duration", "maxClockSkew", event({ maxClockSkew: "soon" })],
  ])("%s at %s", (code, field, define) => {
    const error = definitionError(define);
    expect(error).toMatchObject({ code, field, view: undefined });
    expect(error.message).toMatch(/^event /);
  });

  it("is one whose schema is no flat record", () => {
    const schema = { name: "sample", revisions: [{ id: "1", avro: { type: "string" } }] };
    expect(event({ schema })).toThrow(EventSchemaError);
  });
});

describe("an entity", () => {
  it("has a name and a key that every store takes", () => {
    expect(defineEntity({ name: "user", key: "user_id" })).toEqual({ name: "user", key: "user_id" });
    for (const wrong of [
      { name: "User", key: "user_id" },
      { name: "user", key: "userId" },
      { name: "user", key: "_id" },
    ]) {
      expect(definitionError(() => defineEntity(wrong)).code).toBe("bad_name");
    }
  });
});
