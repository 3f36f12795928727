import { registerAssign } from "./assign.ts";
import type { Registry } from "../define/index.ts";
import { registerDecode } from "./decode.ts";
import { registerFileSink } from "./file-sink.ts";
import { registerHeartbeat } from "./heartbeat.ts";
import { registerPace } from "./pace.ts";
import { registerReadable } from "./readable.ts";
import { registerRecordingSource } from "./recording-source.ts";
import { registerReshuffle } from "./reshuffle.ts";
import { registerSlices } from "./slices.ts";
import { registerStoreSinks } from "./store-sinks.ts";
import { registerWindowsByBeam } from "./windows-by-beam.ts";
import { registerWindowsByTimers } from "./windows-by-timers.ts";

/**
 * Makes every DoFn of the graph known to this process's workers. Call it once, with the definitions that the graph
 * is built from.
 */
export function registerTransforms(registry: Registry): void {
  registerRecordingSource();
  registerPace();
  registerReshuffle();
  registerDecode(registry);
  registerAssign(registry);
  registerSlices(registry);
  registerWindowsByTimers(registry);
  registerWindowsByBeam(registry);
  registerReadable(registry);
  registerHeartbeat(registry);
  registerStoreSinks(registry);
  registerFileSink(registry);
}
