import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { PubsubMessage } from "../core/model.ts";
import { parseRecordingLine } from "../core/recording.ts";
import type { DoFn } from "../harness/dofn.ts";
import { registerDoFn } from "../harness/registry.ts";

/** The messages of a recording, in the file's order. @throws RecordingError */
export async function* readRecording(file: string): AsyncGenerator<PubsubMessage> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() !== "") yield parseRecordingLine(text, line);
  }
}

/**
 * Makes the DoFn of this file known to the worker: a recording as a bounded source. One impulse becomes all of its
 * messages, each at its publish time; the watermark is at the beginning of time until all are read, then at its end.
 */
export function registerRecordingSource(): void {
  registerDoFn("read recording", ({ file }: { file: string }): DoFn<Uint8Array, PubsubMessage> => ({
    async process(_impulse, context) {
      for await (const message of readRecording(file)) {
        context.emit(message, { timestamp: message.publishTimeMs });
        await context.ready();
      }
    },
  }));
}
