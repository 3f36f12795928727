import { type Bigtable, v2 } from "@google-cloud/bigtable";
import { type CallOptions, type ClientReadableStream, Metadata } from "@grpc/grpc-js";

/** What requests of a table's rows have in common. */
export interface TableRequest {
  readonly tableName: string;
  readonly appProfileId: string | undefined;
}

/** A method of the generated stub whose answer is a stream. */
export type StreamingMethod<Q, A> = (
  request: Q,
  metadata: Metadata,
  options: CallOptions,
) => ClientReadableStream<A>;

/**
 * The library's own connection, below its layers of streams and of retries, which cost more than the RPC itself. The library
 * makes the generated client when it first needs one, and closes it with itself.
 */
export async function stubOf<S>(client: Bigtable): Promise<S> {
  client.api["BigtableClient"] ??= new v2.BigtableClient(client.options["BigtableClient"]);
  return (await client.api["BigtableClient"].initialize()) as unknown as S;
}

/** By which Bigtable finds the servers of a table and profile. @see https://google.aip.dev/client-libraries/4222 */
export function routing({ tableName, appProfileId }: TableRequest): Metadata {
  const params = [
    `table_name=${encodeURIComponent(tableName)}`,
    ...(appProfileId === undefined ? [] : [`app_profile_id=${encodeURIComponent(appProfileId)}`]),
  ];
  const metadata = new Metadata();
  metadata.set("x-goog-request-params", params.join("&"));
  return metadata;
}
