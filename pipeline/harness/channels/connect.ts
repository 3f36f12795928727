import * as grpc from "@grpc/grpc-js";

/**
 * Options of every connection to a runner. Messages of any size, since a bundle's elements and states have none;
 * no retries, since a stream can't be replayed; and a connection of its own, since channels to one address would
 * otherwise share one, and a paused data stream must not slow state and control.
 */
export const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  "grpc.enable_retries": 0,
  "grpc.use_local_subchannel_pool": 1,
};

/** A runner's services listen on the worker's own machine or inside its pod, without TLS. */
export const CREDENTIALS = grpc.credentials.createInsecure();

/** What each call to the runner carries; newer runners reject calls without it. */
export function workerMetadata(workerId: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set("worker_id", workerId);
  return metadata;
}
