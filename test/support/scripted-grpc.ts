import {
  type handleServerStreamingCall,
  type handleUnaryCall,
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

/** Serves `google.bigtable.v2.Bigtable.MutateRows`; `act` sees the entries' row keys, and calls are numbered from 0. */
export async function scriptedBigtable(
  act: (rowKeys: readonly string[], index: number) => GrpcAction<readonly EntryCode[]>,
): Promise<ScriptedGrpc> {
  let calls = 0;
  const mutateRows: handleServerStreamingCall<MutateRowsRequest, unknown> = (call) => {
    const keys = call.request.entries.map(({ rowKey }) => Buffer.from(rowKey as Uint8Array).toString());
    const { results = [], fail } = act(keys, calls++);
    const entries = results.map(([index, code, message = ""]) => ({ index, status: { code, message } }));
    if (entries.length > 0) call.write({ entries });
    if (fail === undefined) call.end();
    else call.emit("error", { code: fail, details: "scripted" });
  };
  const service = definition(
    "/google.bigtable.v2.Bigtable/MutateRows",
    "mutateRows",
    true,
    MutateRowsRequest,
    MutateRowsResponse,
  );
  return await serve(service, { mutateRows });
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
  const service = definition(
    "/google.pubsub.v1.Publisher/Publish",
    "publish",
    false,
    PublishRequest,
    PublishResponse,
  );
  return await serve(service, { publish });
}

interface Message<T> {
  decode(bytes: Uint8Array): T;
  encode(message: object): { finish(): Uint8Array };
}

function definition<Q, A>(
  path: string,
  name: string,
  streams: boolean,
  request: Message<Q>,
  response: Message<A>,
): ServiceDefinition {
  return {
    [name]: {
      path,
      requestStream: false,
      responseStream: streams,
      requestSerialize: (value: object) => Buffer.from(request.encode(value).finish()),
      requestDeserialize: (bytes: Buffer) => request.decode(bytes),
      responseSerialize: (value: object) => Buffer.from(response.encode(value).finish()),
      responseDeserialize: (bytes: Buffer) => response.decode(bytes),
    },
  };
}

async function serve(
  service: ServiceDefinition,
  implementation: UntypedServiceImplementation,
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
      return Promise.resolve();
    },
  };
}
