import avro from "avsc";
import { describe, expect, it } from "vitest";
import { EventSchemaError } from "../../pipeline/core/avro-schema.ts";
import { createDecoder } from "../../pipeline/core/decode.ts";
import type { EventPlan } from "../../pipeline/core/event-plan.ts";
import { RevisionAliasError } from "../../pipeline/core/payload-reader.ts";
import { binaryMessage, message, PUBLISHED_MS } from "../support/messages.ts";

const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const record = (...fields: object[]) => ({ type: "record", name: "Order", fields });
const what = (symbols: string[], more: object = {}) => ({ type: "enum", name: "What", symbols, ...more });

const rev1 = record(
  field("id", "string"),
  field("what", what(["sold", "lost"])),
  field("pieces", "int"),
  field("note", "string"),
  field("at", "long"),
);
// Adds `channel`, leaves out `note`, widens `pieces`, renames `what`, knows one symbol less.
const rev2 = record(
  field("channel", "string", { default: "web" }),
  field("id", "string"),
  field("kind", what(["unknown", "sold"], { default: "unknown" }), { aliases: ["what"] }),
  field("pieces", "double"),
  field("at", "long"),
);

const plan: EventPlan = {
  name: "order",
  revisions: [
    { id: "1", avro: rev1 },
    { id: "2", avro: rev2 },
  ],
  eventIdField: "id",
  eventTimeField: "at",
  keyFields: ["id"],
  maxClockSkewMs: 60_000,
};
const decode = createDecoder(plan, { revisionAliases: { a1b2c3d4: "1" } });

const old = { id: "o1", what: "sold", pieces: 3, note: "gift", at: PUBLISHED_MS };
const asNewest = { channel: "web", id: "o1", kind: "sold", pieces: 3, at: PUBLISHED_MS };
const type1 = avro.Type.forSchema(rev1 as avro.Schema);

const encodings: [string, (value: object, revision: string) => ReturnType<typeof message>][] = [
  ["JSON", (value, id) => message(value, { googclient_schemarevisionid: id })],
  ["BINARY", (value, id) => binaryMessage(type1.toBuffer(value), { googclient_schemarevisionid: id })],
];

describe.each(encodings)("a message of an older revision in %s", (_, encode) => {
  it("becomes a record of the newest", () => {
    expect(decode(encode(old, "1"))).toMatchObject({ eventId: "o1", value: asNewest });
  });

  it("may name its revision by an alias", () => {
    expect(decode(encode(old, "a1b2c3d4"))).toMatchObject({ value: asNewest });
  });

  it("has the enum's default for a symbol that is gone", () => {
    expect(decode(encode({ ...old, what: "lost" }, "1"))).toMatchObject({ value: { kind: "unknown" } });
  });
});

describe("revisions", () => {
  it("are the newest where a message names none", () => {
    expect(decode(message({ ...asNewest, channel: "app" }))).toMatchObject({ value: { channel: "app" } });
    expect(decode(message(old))).toMatchObject({ reason: "schema_mismatch" });
  });

  it("are held to their own fields, not to the newest's", () => {
    const letter = decode(message({ ...old, channel: "app" }, { googclient_schemarevisionid: "1" }));
    expect(letter).toMatchObject({
      reason: "schema_mismatch",
      detail: expect.stringMatching(/^"channel"/) as unknown,
    });
  });

  it("may leave out a number that ours can't hold, and still be judged for its texts", () => {
    const wide = record(field("id", "string"), field("serial", "long"), field("at", "long"));
    const slim = record(field("id", "string"), field("at", "long"));
    const revisions = [
      { id: "1", avro: wide },
      { id: "2", avro: slim },
    ];
    const bytes = avro.Type.forSchema(wide as avro.Schema).toBuffer({
      id: "\uFFFD",
      serial: 0,
      at: PUBLISHED_MS,
    });
    const huge = Buffer.from("ffffffffffffffffff01", "hex");
    const data = Buffer.concat([bytes.subarray(0, 4), huge, bytes.subarray(5)]);
    const slimDecode = createDecoder({ ...plan, revisions });
    expect(slimDecode(binaryMessage(data, { googclient_schemarevisionid: "1" }))).toMatchObject({
      reason: "schema_mismatch",
      detail: "serial is -9223372036854775808: it must be a whole number within 2^53",
    });
  });

  it("that don't fit together are an error at start", () => {
    const broken = record(field("id", "string"), field("at", "long"), field("new", "string"));
    const revisions = [...plan.revisions, { id: "3", avro: broken }];
    expect(() => createDecoder({ ...plan, revisions })).toThrow(EventSchemaError);
    expect(() => createDecoder({ ...plan, revisions })).toThrow(
      /^revision 3 can't read what revision 1 wrote: /,
    );
  });

  it("that an alias names must be there", () => {
    const alias = () => createDecoder(plan, { revisionAliases: { ff00: "9" } });
    expect(alias).toThrow(RevisionAliasError);
    expect(alias).toThrow('revision alias "ff00" of order stands for "9": there are 1, 2');
  });
});
