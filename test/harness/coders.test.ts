import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { exactInstant, Reader, Writer } from "../../pipeline/core/bytes.ts";
import { WORKER_CAPABILITIES } from "../../pipeline/harness/capabilities.ts";
import type { Coder, CoderProto } from "../../pipeline/harness/coders.ts";
import {
  coder,
  CoderTable,
  iterableCoder,
  jsonCoder,
  kvCoder,
  lengthPrefixCoder,
  nullableCoder,
  registerCoder,
  utf8Coder,
  varintCoder,
} from "../../pipeline/harness/coders.ts";
import type { Window } from "../../pipeline/harness/windowed-value.ts";

/** A coder in Beam's vectors; bytes are written as latin1 text. */
interface CoderSpec {
  readonly urn: string;
  readonly payload?: string;
  readonly components?: readonly CoderSpec[];
  readonly state?: Readonly<Record<string, string>>;
  /** Only decoding is checked. */
  readonly non_deterministic?: boolean;
}
interface Section {
  readonly coder: CoderSpec;
  /** Absent: both. */
  readonly nested?: boolean;
  readonly examples: Readonly<Record<string, unknown>>;
}

/** Why some vectors are not ours. Everything else in the file must pass. */
const SKIPPED: Readonly<Record<string, string>> = {
  "beam:coder:row:v1":
    "rows of Beam schemas come out of transforms of other languages that give rows; those of our graphs give bytes",
};

const bytesOf = (text: string) => Buffer.from(text, "latin1");

function protosOf(spec: CoderSpec, protos: Record<string, CoderProto> = {}): Record<string, CoderProto> {
  const components = (spec.components ?? []).map((component) => {
    protosOf(component, protos);
    return `c${Object.keys(protos).length - 1}`;
  });
  const id = `c${Object.keys(protos).length}`;
  protos[id] = {
    spec: { urn: spec.urn, payload: bytesOf(spec.payload ?? "") },
    componentCoderIds: components,
  };
  return protos;
}

/** Our value in the file's terms. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("maxTimestamp" in value) {
    const { id, start, end } = value as Window;
    return id === "" ? "global" : { end, span: Number(exactInstant(end) - exactInstant(start)) };
  }
  const renamed: Record<string, string> = {
    isFirst: "is_first",
    isLast: "is_last",
    onTimeIndex: "on_time_index",
    tag: "dynamicTimerTag",
    clear: "clearBit",
    fireMs: "fireTimestamp",
    holdMs: "holdTimestamp",
  };
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [renamed[name] ?? name, plain(v)]));
}

/** The file's value in our terms, where it can't be compared as it stands. */
function expected(urn: string, value: unknown): unknown {
  if (urn === "beam:coder:double:v1") return Number(value);
  if (urn === "beam:coder:global_window:v1") return "global";
  if (urn === "beam:coder:custom_window:v1") return (value as { window: unknown }).window;
  if (urn === "beam:coder:timer:v1") {
    const { userKey, ...timer } = value as { userKey: string; clearBit: boolean };
    // A cleared timer has no instants on the wire.
    return timer.clearBit
      ? { key: userKey, dynamicTimerTag: "tag", windows: ["global"], clearBit: true }
      : { key: userKey, ...timer };
  }
  if (Array.isArray(value) && value[0] === "") return ["global"];
  return value;
}

describe("Beam's own vectors", () => {
  const file = new URL("../data/standard_coders.yaml", import.meta.url);
  const sections = parseAllDocuments(readFileSync(file, "utf8")).map(
    (document) => document.toJS() as Section,
  );
  const skipped = new Map<string, number>();
  let checks = 0;

  for (const section of sections) {
    const { urn } = section.coder;
    const examples = Object.entries(section.examples);
    if (SKIPPED[urn] !== undefined) {
      skipped.set(urn, (skipped.get(urn) ?? 0) + examples.length);
      continue;
    }
    const contexts = section.nested === undefined ? [false, true] : [section.nested];
    for (const nested of contexts) {
      for (const [text, value] of examples) {
        checks++;
        test(`${urn} ${nested ? "nested" : "outer"} ${JSON.stringify(value).slice(0, 80)} #${checks}`, () => {
          const protos = protosOf(section.coder);
          const table = new CoderTable(protos);
          const made = table.get(`c${Object.keys(protos).length - 1}`);
          const reader = new Reader(bytesOf(text));
          const decoded = made.decode(reader, nested);
          expect(reader.done).toBe(true);
          // What a runner does not send along lies behind its state channel.
          for (const { token, coder: of, into } of table.continuations) {
            const rest = new Reader(bytesOf(section.coder.state?.[Buffer.from(token).toString()] ?? ""));
            while (!rest.done) into.push(of.decode(rest, true));
          }
          const want = expected(urn, value);
          if (typeof want === "object" && want !== null && !Array.isArray(want))
            expect(plain(decoded)).toMatchObject(want);
          else expect(plain(decoded)).toEqual(want);

          if (section.coder.non_deterministic) return;
          const writer = new Writer(1);
          made.encode(decoded, writer, nested);
          expect(writer.take().toString("latin1")).toBe(text);
        });
      }
    }
  }

  test("every vector is run, but those whose reason stands above; and every coder that we promise has some", () => {
    expect(checks).toBe(169);
    expect(Object.fromEntries(skipped)).toEqual({ "beam:coder:row:v1": 22 });
    const known = new Set(sections.map(({ coder: { urn } }) => urn));
    const promised = WORKER_CAPABILITIES.filter((urn) => urn.startsWith("beam:coder:"));
    // Beam has none for a length prefix; its own tests stand below.
    expect(promised.filter((urn) => !known.has(urn))).toEqual(["beam:coder:length_prefix:v1"]);
    expect(promised.filter((urn) => SKIPPED[urn] !== undefined)).toEqual([]);
  });
});

function roundTrip<T>(of: Coder<T>, value: T, nested: boolean): T {
  const writer = new Writer(1);
  of.encode(value, writer, nested);
  if (nested) writer.byte(0xee); // what follows must not be taken
  const reader = new Reader(writer.take());
  const read = of.decode(reader, nested);
  if (nested) expect(reader.byte()).toBe(0xee);
  expect(reader.done).toBe(true);
  return read;
}

describe.each([true, false])("nested %s", (nested) => {
  test("composite coders come back", () => {
    const of = kvCoder(
      lengthPrefixCoder(utf8Coder),
      iterableCoder(nullableCoder(kvCoder(utf8Coder, varintCoder))),
    );
    const value = {
      key: "käy",
      value: [{ key: "a", value: 2 ** 40 }, null, { key: "", value: -(2n ** 62n) }],
    };
    expect(roundTrip(of, value, nested)).toEqual(value);
  });

  test("JSON comes back", () => {
    const value = { a: [1, "ü", null, { b: true }] };
    expect(roundTrip(jsonCoder, value, nested)).toEqual(value);
  });
});

describe("a table of coders", () => {
  const celsius = coder<number>("test:celsius:v1", {
    encode: (value, to) => {
      to.double(value);
    },
    decode: (from) => from.double(),
  });

  test("knows coders of our own once they are registered", () => {
    const protos = {
      c: { spec: { urn: celsius.urn, payload: new Uint8Array() }, componentCoderIds: [] },
      p: {
        spec: { urn: "beam:coder:length_prefix:v1", payload: new Uint8Array() },
        componentCoderIds: ["c"],
      },
    };
    expect(() => new CoderTable(protos).get("p")).toThrow(
      expect.objectContaining({ code: "not_registered" }) as Error,
    );
    registerCoder(celsius);
    expect(roundTrip(new CoderTable(protos).get("p"), 36.6, true)).toBe(36.6);
    const other = coder("test:celsius:v1", { encode: () => undefined, decode: () => 0 });
    expect(() => {
      registerCoder(other);
    }).toThrow(expect.objectContaining({ code: "already_registered" }) as Error);
  });

  test("names the id that is missing", () => {
    expect(() => new CoderTable({}).get("gone")).toThrow(/no coder gone/);
  });

  test("a coder writes its own proto, components by id", () => {
    const ids: string[] = [];
    const context = { getCoderId: (of: Coder<unknown>) => `id${ids.push(of.urn)}` };
    expect(kvCoder(utf8Coder, varintCoder).toProto(context)).toEqual({
      spec: { urn: "beam:coder:kv:v1", payload: new Uint8Array() },
      componentCoderIds: ["id1", "id2"],
    });
  });
});

test("a length prefix catches a coder that reads too little or too much", () => {
  const one = coder("test:one:v1", {
    encode: (value: number, to) => {
      to.int32be(value);
    },
    decode: (from) => from.byte(),
  });
  const writer = new Writer();
  lengthPrefixCoder(one).encode(7, writer, true);
  const encoded = writer.take();
  expect(() => lengthPrefixCoder(one).decode(new Reader(encoded), true)).toThrow("left 3 of 4 bytes");
  const two = coder("test:two:v1", { encode: () => undefined, decode: (from) => from.bytes(5) });
  expect(() => lengthPrefixCoder(two).decode(new Reader(encoded), true)).toThrow("past the end");
});
