import type { google } from "@google-cloud/pubsub/build/protos/protos.js";

/** The length of a protobuf duration in milliseconds; `undefined` when there is none. */
export function durationMs(duration: google.protobuf.IDuration | null | undefined): number | undefined {
  if (!duration) return undefined;
  return Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}

/** A length in milliseconds as a protobuf duration. */
export function durationOf(ms: number): google.protobuf.IDuration {
  return { seconds: Math.trunc(ms / 1000), nanos: Math.round((ms % 1000) * 1e6) };
}

/** A protobuf timestamp in epoch milliseconds. */
export function timestampMs(timestamp: google.protobuf.ITimestamp): number {
  return Number(timestamp.seconds ?? 0) * 1000 + (timestamp.nanos ?? 0) / 1e6;
}

/** Epoch milliseconds as a protobuf timestamp. */
export function timestampOf(ms: number): google.protobuf.ITimestamp {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
