import { describe, expect, it } from "vitest";
import { deadLetterCoder } from "../../pipeline/beam/element-coders.ts";
import { Reader, Writer } from "../../pipeline/core/bytes.ts";
import type { DeadLetter } from "../../pipeline/core/model.ts";

describe("the coder of elements", () => {
  it.each([[true], [false]])("keeps bytes as bytes, Buffers too (nested: %s)", (nested) => {
    const message = { attributes: { a: "ü" }, messageId: "m", publishTimeMs: 2 ** 40, orderingKey: "" };
    const letter: DeadLetter = {
      reason: "malformed",
      detail: "no JSON",
      message: { ...message, data: Buffer.from([0, 200, 255]) },
    };
    const writer = new Writer();
    deadLetterCoder.encode(letter, writer, nested);
    const reader = new Reader(writer.take());
    expect(deadLetterCoder.decode(reader, nested)).toEqual({
      ...letter,
      message: { ...message, data: new Uint8Array([0, 200, 255]) },
    });
    expect(reader.done).toBe(true);
  });
});
