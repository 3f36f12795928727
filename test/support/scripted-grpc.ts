import {
  Client,
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type status,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { protos as bigtableProtos } from "@google-cloud/bigtable-api";
import { protos as pubsubProtos } from "@google-cloud/pubsub";

const { MutateRowsRequest, MutateRowsResponse } = bigtableProtos.google.bigtable.v2;
const { PublishRequest, PublishResponse } = pubsubProtos.google.pubsub.v1;
type MutateRowsRequest = InstanceType<typeof MutateRowsRequest>;
type PublishRequest = InstanceType<typeof PublishRequest>;

/** The status of one entry of MutateRows: gRPC code and message. */
export type EntryCode = readonly [index: number, code: number, message?: string];

/** What a scripted server does with a call: results, an RPC error, or results and then the error. */
export interface GrpcAction<R> {
  readonly results?: R;
  /** A gRPC status; left out: OK. */
  readonly fail?: status;
}

/** A real gRPC server on loopback for faults that no emulator makes on demand. */
export interface ScriptedGrpc extends AsyncDisposable {
  readonly address: string;
}

/**
 * Serves `google.bigtable.v2.Bigtable.MutateRows`; `act` sees the entries' row keys, and calls are numbered from 0.
 * @param target `host:port` of the service that gets the calls for which `act` gives nothing
 */
export async function scriptedBigtable(
  act: (rowKeys: readonly string[], index: number) => GrpcAction<readonly EntryCode[]> | undefined,
  target?: string,
): Promise<ScriptedGrpc> {
  let calls = 0;
  const behind = target === undefined ? undefined : new Client(target, credentials.createInsecure());
  const mutateRows: handleServerStreamingCall<MutateRowsRequest, object> = (call) => {
    const keys = call.request.entries.map(({ rowKey }) => Buffer.from(rowKey as Uint8Array).toString());
    const action = act(keys, calls++);
    if (action === undefined && behind !== undefined) {
      behind
        .makeServerStreamRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          call.request,
          call.metadata,
        )
        .on("data", (answer: object) => call.write(answer))
        .on("error", (error) => call.emit("error", error))
        .on("end", () => call.end());
      return;
    }
    const { results = [], fail } = action ?? {};
    const entries = results.map(([index, code, message = ""]) => ({ index, status: { code, message } }));
    if (entries.length > 0) call.write({ entries });
    if (fail === undefined) call.end();
    else call.emit("error", { code: fail, details: "scripted" });
  };
  const method = definition(
    "/google.bigtable.v2.Bigtable/MutateRows",
    true,
    MutateRowsRequest,
    MutateRowsResponse,
  );
  return await serve({ mutateRows: method }, { mutateRows }, () => behind?.close());
}

/** Serves `google.pubsub.v1.Publisher.Publish`; `act` sees the messages' payloads as text. */
export async function scriptedPubsub(
  act: (payloads: readonly string[], index: number) => GrpcAction<readonly string[]>,
): Promise<ScriptedGrpc> {
  let calls = 0;
  const publish: handleUnaryCall<PublishRequest, unknown> = (call, callback) => {
    const payloads = call.request.messages.map(({ data }) => Buffer.from(data as Uint8Array).toString());
    const { results = [], fail } = act(payloads, calls++);
    if (fail === undefined) callback(null, { messageIds: results });
    else callback({ code: fail, details: "scripted" });
  };
  const method = definition("/google.pubsub.v1.Publisher/Publish", false, PublishRequest, PublishResponse);
  return await serve({ publish: method }, { publish });
}

interface Message<T> {
  decode(bytes: Uint8Array): T;
  encode(message: object): { finish(): Uint8Array };
}

function definition<Q, A>(
  path: string,
  streams: boolean,
  request: Message<Q>,
  response: Message<A>,
): MethodDefinition<object, object> {
  return {
    path,
    requestStream: false,
    responseStream: streams,
    requestSerialize: (value) => Buffer.from(request.encode(value).finish()),
    requestDeserialize: (bytes) => request.decode(bytes) as object,
    responseSerialize: (value) => Buffer.from(response.encode(value).finish()),
    responseDeserialize: (bytes) => response.decode(bytes) as object,
  };
}

async function serve(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  close: () => void = () => undefined,
): Promise<ScriptedGrpc> {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => {
      server.forceShutdown();
      close();
      return Promise.resolve();
    },
  };
}
