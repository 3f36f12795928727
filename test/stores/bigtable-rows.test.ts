import { describe, expect, it } from "vitest";
import { type CellChunk, RowAssembler } from "../../pipeline/stores/bigtable-rows.ts";

const text = (value: string) => Buffer.from(value);
/** A chunk that says nothing new but its value. */
const chunk = (value: string, changes: Partial<CellChunk> = {}): CellChunk => ({
  rowKey: text(""),
  familyName: null,
  timestampMicros: 0,
  value: text(value),
  valueSize: 0,
  ...changes,
});

function rows(...chunks: readonly CellChunk[]) {
  const assembler = new RowAssembler();
  for (const each of chunks) assembler.add(each);
  const found = assembler.rows();
  return (
    found &&
    Object.fromEntries(
      [...found].map(([key, cells]) => [
        key,
        [...cells].map(([family, cell]) => [family, cell.timestampMs, Buffer.from(cell.value).toString()]),
      ]),
    )
  );
}
const start = (rowKey: string, family: string) => ({
  rowKey: text(rowKey),
  familyName: { value: family },
  timestampMicros: 7000,
});

describe("rows of a ReadRows answer", () => {
  it("have a cell of each family, and end at a commit", () => {
    expect(
      rows(
        chunk("1", start("a", "f")),
        chunk("2", { familyName: { value: "g" }, timestampMicros: 8000, commitRow: true }),
        chunk("3", { ...start("b", "f"), commitRow: true }),
      ),
    ).toEqual({
      a: [
        ["f", 7, "1"],
        ["g", 8, "2"],
      ],
      b: [["f", 7, "3"]],
    });
  });

  it("put a cell together that comes in pieces, with the timestamp of the first", () => {
    const pieces = [
      chunk("12", { ...start("a", "f"), valueSize: 6 }),
      chunk("34", { valueSize: 6 }),
      chunk("56", { commitRow: true }),
    ];
    expect(rows(...pieces)).toEqual({ a: [["f", 7, "123456"]] });
  });

  it("begin anew at a reset, whatever had come of the row", () => {
    expect(
      rows(
        chunk("1", start("a", "f")),
        chunk("2", { ...start("a", "g"), valueSize: 9 }),
        chunk("", { resetRow: true }),
        chunk("3", { ...start("a", "f"), commitRow: true }),
      ),
    ).toEqual({ a: [["f", 7, "3"]] });
  });

  it("are none where the answer ends within one", () => {
    expect(
      rows(chunk("1", { ...start("a", "f"), commitRow: true }), chunk("2", start("b", "f"))),
    ).toBeUndefined();
  });
});
