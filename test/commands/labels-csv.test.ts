import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { instantsOf, readLabels } from "../../pipeline/commands/labels-csv.ts";
import { tempFolder } from "../support/temp-folder.ts";

function csv(content: string): string {
  const file = path.join(tempFolder(), "labels.csv");
  writeFileSync(file, content);
  return file;
}

describe("labels", () => {
  it("are the rows below a header, with or without a byte order mark", async () => {
    const labels = await readLabels(csv("\uFEFFuser_id,t\nann,2026-01-31T12:00:00Z\n\n"), ["user_id", "t"]);
    expect(labels).toEqual({ columns: ["user_id", "t"], rows: [["ann", "2026-01-31T12:00:00Z"]] });
    expect(instantsOf(labels, "t")).toEqual([Date.UTC(2026, 0, 31, 12)]);
  });

  it.each([
    ["an empty file", "", 'needs a column "user_id": the file is empty'],
    ["no such column", "user,t\n", 'needs a column "user_id": its header has user, t'],
    ["a column twice", "user_id,t,t\n", 'two columns named "t"'],
    ["a row that is too short", "user_id,t\nann\n", "can't be read as CSV"],
  ])("are refused: %s", async (_what, content, sentence) => {
    await expect(readLabels(csv(content), ["user_id", "t"])).rejects.toMatchObject({
      code: "label",
      message: expect.stringContaining(sentence) as string,
    });
  });

  it("are refused where there is no file", async () => {
    await expect(readLabels("/nonexistent/labels.csv", [])).rejects.toThrow("can't be read");
  });

  it("name the line of a time that is none", async () => {
    const labels = await readLabels(csv("user_id,t\nann,2026-01-31T12:00:00Z\nbob,noon\n"), ["t"]);
    expect(() => instantsOf(labels, "t")).toThrow('line 3: t is "noon"');
  });
});
