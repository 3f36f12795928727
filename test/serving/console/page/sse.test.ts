import fc from "fast-check";
import { expect, it } from "vitest";
import { type ServerEvent, serverEvents } from "../../../../pipeline/serving/console/page/sse.ts";

async function read(parts: readonly Uint8Array[]) {
  const stream = ReadableStream.from<Uint8Array>(parts);
  const events: ServerEvent[] = [];
  for await (const event of serverEvents(stream)) events.push(event);
  return events;
}

it("reads the same events wherever the network cuts them", async () => {
  const text =
    ':\n\nevent: live\ndata: {"a":"ä"}\n\ndata: one\ndata: two\n\nevent: none\n\nevent: cut\ndata: off';
  const bytes = new TextEncoder().encode(text);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const parts = at.slice(1).map((end, i) => bytes.slice(at[i], end));
      expect(await read(parts)).toEqual([
        { name: "live", data: '{"a":"ä"}' },
        { name: "message", data: "one\ntwo" },
      ]);
    }),
    { numRuns: 50, seed: 7 },
  );
});
