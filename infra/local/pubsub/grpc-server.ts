import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type {
  handleUnaryCall,
  ServiceDefinition,
  StatusObject,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Broker } from "./broker.ts";
import { PubsubError, unimplemented } from "./errors.ts";
import { MAX_REQUEST_BYTES, tooLarge } from "./message.ts";
import { rpcMethods } from "./protos.ts";
import type { RpcMethod } from "./protos.ts";
import type { Service } from "./service.ts";
import { streamingPull } from "./streaming-pull.ts";

/** What grpc-js takes itself; beyond MAX_REQUEST_BYTES we refuse, as the service does, with INVALID_ARGUMENT. */
const RECEIVE_LIMIT_BYTES = 4 * MAX_REQUEST_BYTES;

/** A decoded request with the number of its bytes. */
interface Sized {
  readonly request: object;
  readonly bytes: number;
}

/**
 * Starts the gRPC side.
 * @param services by name, like `Publisher`
 * @param port 0 for any free one
 * @returns the address it listens on, and how to stop it
 */
export async function startGrpc(
  broker: Broker,
  services: Readonly<Record<string, Service>>,
  host: string,
  port: number,
): Promise<{ readonly port: number; readonly stop: () => void }> {
  const server = new Server({
    "grpc.max_receive_message_length": RECEIVE_LIMIT_BYTES,
    "grpc.max_send_message_length": -1,
  });
  for (const [name, service] of Object.entries(services)) {
    const methods = rpcMethods(name);
    server.addService(definition(methods), implementation(broker, methods, service));
  }
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) => {
      if (error) reject(error);
      else resolve(at);
    });
  });
  return { port: bound, stop: () => server.forceShutdown() };
}

function definition(methods: readonly RpcMethod[]): ServiceDefinition {
  return Object.fromEntries(
    methods.map(({ name, path, streaming, request, response }) => [
      name,
      {
        path,
        requestStream: streaming,
        responseStream: streaming,
        requestDeserialize: (bytes: Buffer): object =>
          streaming
            ? request.decode(bytes)
            : ({ request: request.decode(bytes), bytes: bytes.length } satisfies Sized),
        responseSerialize: (value: object) => response.encode(value),
        requestSerialize: (value: object) => request.encode(value),
        responseDeserialize: (bytes: Buffer) => response.decode(bytes),
      },
    ]),
  );
}

function implementation(
  broker: Broker,
  methods: readonly RpcMethod[],
  service: Service,
): UntypedServiceImplementation {
  return Object.fromEntries(
    methods.map(({ name, streaming }) => [
      name,
      streaming ? streamHandler(broker) : unaryHandler(name, service[name]),
    ]),
  );
}

function unaryHandler(name: string, method: Service[string] | undefined): handleUnaryCall<Sized, object> {
  return ({ request: { request, bytes } }, callback) => {
    const answer = async (): Promise<object> => {
      if (!method) throw unimplemented(name);
      if (bytes > MAX_REQUEST_BYTES) throw tooLarge(bytes);
      // The method's own codec made the request.
      return method(request as never);
    };
    answer().then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error)),
    );
  };
}

const streamHandler =
  (broker: Broker) =>
  (call: Parameters<typeof streamingPull>[1]): void =>
    streamingPull(broker, call, (error) => call.emit("error", toStatus(error)));

function toStatus(error: unknown): Pick<StatusObject, "code" | "details"> & Error {
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = cause instanceof PubsubError ? cause.code : status.INTERNAL;
  return Object.assign(new Error(cause.message, { cause }), { code, details: cause.message });
}
