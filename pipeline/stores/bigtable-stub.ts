import { type Bigtable, v2 } from "@google-cloud/bigtable";
import { type CallOptions, type Client, type ClientReadableStream, Metadata } from "@grpc/grpc-js";

/** What requests of a table's rows have in common. */
export interface TableRequest {
  readonly tableName: string;
  readonly appProfileId: string | null;
}

/** A method whose answer is a stream, in the library's generated types. */
export interface StreamingMethod<Q extends TableRequest, A> {
  /** `/google.bigtable.v2.Bigtable/ReadRows` */
  readonly path: string;
  readonly encode: (request: Q) => { finish(): Uint8Array };
  readonly decode: (bytes: Uint8Array) => A;
}

/**
 * Calls a method by the library's own connection, below its layers of streams and of retries, which cost more than the RPC
 * itself; and by its generated types, where its stub would copy each message to or from plain objects besides.
 */
export async function callStream<Q extends TableRequest, A>(
  client: Bigtable,
  { path, encode, decode }: StreamingMethod<Q, A>,
  request: Q,
  options: CallOptions,
): Promise<ClientReadableStream<A>> {
  const stub = await stubOf(client);
  const serialize = (message: Q) => encode(message).finish() as Buffer;
  return stub.makeServerStreamRequest(path, serialize, decode, request, routing(request), options);
}

/** The library makes the generated client when it first needs one, and closes it with itself. */
async function stubOf(client: Bigtable): Promise<Client> {
  client.api["BigtableClient"] ??= new v2.BigtableClient(client.options["BigtableClient"]);
  return (await client.api["BigtableClient"].initialize()) as unknown as Client;
}

/** By which Bigtable finds the servers of a table and profile. @see https://google.aip.dev/client-libraries/4222 */
function routing({ tableName, appProfileId }: TableRequest): Metadata {
  const params = [
    `table_name=${encodeURIComponent(tableName)}`,
    ...(appProfileId === null ? [] : [`app_profile_id=${encodeURIComponent(appProfileId)}`]),
  ];
  const metadata = new Metadata();
  metadata.set("x-goog-request-params", params.join("&"));
  return metadata;
}
