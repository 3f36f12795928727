import * as grpc from "@grpc/grpc-js";
import type {
  Elements,
  InstructionRequest,
  InstructionResponse,
  LogEntry,
  ProcessBundleDescriptor,
  ProcessBundleRequest,
  StateKey,
  StateRequest,
  StateResponse,
} from "apache-beam/proto/beam_fn_api";
import {
  beamFnControlDefinition,
  beamFnDataDefinition,
  beamFnLoggingDefinition,
  beamFnStateDefinition,
} from "apache-beam/proto/beam_fn_api.grpc-server";
import { ParDoPayload } from "apache-beam/proto/beam_runner_api";
import { ProvisionInfo } from "apache-beam/proto/beam_provision_api";
import { provisionServiceDefinition } from "apache-beam/proto/beam_provision_api.grpc-server";
import { FakeBundle } from "./fake-bundle.ts";

type ControlCall = grpc.ServerDuplexStream<InstructionResponse, InstructionRequest>;
/** What streams of all services have in common. */
interface Stream {
  readonly metadata: grpc.Metadata;
  on(event: "error", listener: () => void): unknown;
  emit(event: "error", error: Partial<grpc.StatusObject>): boolean;
}
type DataCall = grpc.ServerDuplexStream<Elements, Elements>;

const OPTIONS: grpc.ChannelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
};

/**
 * A runner for tests: the services of the Fn API on one loopback port, driven by hand, so that a worker is
 * tested through the real wire. It keeps bag state as a real runner does. It proves nothing about a real
 * runner's timing, watermarks or checkpoints.
 */
export class FakeRunner {
  readonly url: string;
  readonly descriptors = new Map<string, ProcessBundleDescriptor>();
  /** Bag contents by `stateId`. */
  readonly state = new Map<string, Buffer>();
  /** Every state request, as `get|append|clear stateId`. */
  readonly stateRequests: string[] = [];
  readonly logs: LogEntry[] = [];
  /** Method and worker id of every call. */
  readonly calls: { method: string; workerId: string }[] = [];
  /** What the provision service answers. */
  provision: Partial<ProvisionInfo> = {};
  /** State answers are cut into pieces of so many bytes. */
  statePageBytes = Infinity;
  readonly #server: grpc.Server;
  readonly #bundles = new Map<string, FakeBundle>();
  readonly #answers = new Map<string, (response: InstructionResponse) => void>();
  readonly #control = Promise.withResolvers<ControlCall>();
  #data = Promise.withResolvers<DataCall>();
  /** Streams that are open, by service. */
  readonly #streams = new Map<string, Set<Stream>>();
  #nextId = 0;

  private constructor(server: grpc.Server, port: number) {
    this.#server = server;
    this.url = `127.0.0.1:${port}`;
  }

  static async start(): Promise<FakeRunner> {
    const server = new grpc.Server(OPTIONS);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    const runner = new FakeRunner(server, port);
    runner.#serve();
    return runner;
  }

  /** Starts a bundle. Its elements come on the data stream, or embedded in `request`. */
  bundle(descriptorId: string, request: Partial<ProcessBundleRequest> = {}): FakeBundle {
    const instruction = `bundle-${this.#nextId++}`;
    const processBundle = { processBundleDescriptorId: descriptorId, cacheTokens: [], ...request };
    const answer = this.#ask(instruction, { oneofKind: "processBundle", processBundle }).then(
      ({ error, response }) => {
        if (error !== "") throw new Error(error);
        if (response.oneofKind !== "processBundle")
          throw new Error(`answered by ${response.oneofKind ?? "nothing"}`);
        return response.processBundle;
      },
    );
    const expected = outputsOf(this.descriptors.get(descriptorId));
    const bundle = new FakeBundle(instruction, expected, answer, (elements) => {
      void this.send(elements);
    });
    this.#bundles.set(instruction, bundle);
    return bundle;
  }

  /** Writes to the data stream, once there is one; resolves to whether the transport wants more. */
  async send(elements: Elements): Promise<boolean> {
    return (await this.#data.promise).write(elements);
  }

  /** The server's end of the data stream, for tests that pause it. */
  dataCall(): Promise<DataCall> {
    return this.#data.promise;
  }

  /** Sends any other instruction. */
  instruct(request: InstructionRequest["request"]): Promise<InstructionResponse> {
    return this.#ask(`instruction-${this.#nextId++}`, request);
  }

  /** Resolves when a worker has connected. */
  async connected(): Promise<void> {
    await this.#control.promise;
  }

  /** Ends the control stream in order, as at a job's end. */
  async endControl(): Promise<void> {
    (await this.#control.promise).end();
  }

  /** Loses the streams of one service, as a network does, and lives on. */
  drop(service: "data" | "state" | "logging"): void {
    if (service === "data") this.#data = Promise.withResolvers();
    for (const call of this.#streams.get(service) ?? []) {
      call.emit("error", { code: grpc.status.UNAVAILABLE, details: `${service} lost` });
    }
    this.#streams.delete(service);
  }

  /** Dies. */
  stop(): void {
    this.#server.forceShutdown();
  }

  async #ask(instructionId: string, request: InstructionRequest["request"]): Promise<InstructionResponse> {
    const control = await this.#control.promise;
    return new Promise((resolve) => {
      this.#answers.set(instructionId, resolve);
      control.write({ instructionId, request });
    });
  }

  #note(method: string, metadata: grpc.Metadata): void {
    this.calls.push({ method, workerId: metadata.get("worker_id").join() });
  }

  #open(service: string, call: Stream): void {
    this.#note(service, call.metadata);
    ignoreErrors(call);
    const open = this.#streams.get(service) ?? new Set();
    this.#streams.set(service, open.add(call));
  }

  #serve(): void {
    this.#server.addService(beamFnControlDefinition, {
      control: (call: ControlCall) => {
        this.#open("control", call);
        call.on("data", (response: InstructionResponse) => {
          this.#answers.get(response.instructionId)?.(response);
          this.#answers.delete(response.instructionId);
        });
        this.#control.resolve(call);
      },
      getProcessBundleDescriptor: (
        call: grpc.ServerUnaryCall<{ processBundleDescriptorId: string }, ProcessBundleDescriptor>,
        callback: grpc.sendUnaryData<ProcessBundleDescriptor>,
      ) => {
        this.#note("getProcessBundleDescriptor", call.metadata);
        const descriptor = this.descriptors.get(call.request.processBundleDescriptorId);
        if (descriptor) callback(null, descriptor);
        else callback({ code: grpc.status.NOT_FOUND, details: "no such descriptor" });
      },
    });
    this.#server.addService(beamFnDataDefinition, {
      data: (call: DataCall) => {
        this.#open("data", call);
        call.on("data", (elements: Elements) => {
          const id = elements.data[0]?.instructionId ?? elements.timers[0]?.instructionId ?? "";
          this.#bundles.get(id)?.receive(elements);
        });
        this.#data.resolve(call);
      },
    });
    this.#server.addService(beamFnStateDefinition, {
      state: (call: grpc.ServerDuplexStream<StateRequest, StateResponse>) => {
        this.#open("state", call);
        call.on("data", (request: StateRequest) => {
          call.write(this.#answerState(request));
        });
      },
    });
    this.#server.addService(beamFnLoggingDefinition, {
      logging: (call: grpc.ServerDuplexStream<{ logEntries: LogEntry[] }, object>) => {
        this.#open("logging", call);
        call.on("data", ({ logEntries }: { logEntries: LogEntry[] }) => this.logs.push(...logEntries));
        call.on("end", () => {
          call.end();
        });
      },
    });
    this.#server.addService(provisionServiceDefinition, {
      getProvisionInfo: (
        call: grpc.ServerUnaryCall<object, { info: ProvisionInfo }>,
        callback: grpc.sendUnaryData<{ info: ProvisionInfo }>,
      ) => {
        this.#note("getProvisionInfo", call.metadata);
        callback(null, { info: ProvisionInfo.create(this.provision) });
      },
    });
  }

  #answerState({ id, stateKey, request }: StateRequest): StateResponse {
    const key = stateId(stateKey);
    this.stateRequests.push(`${request.oneofKind ?? "none"} ${key}`);
    const held = this.state.get(key) ?? Buffer.alloc(0);
    switch (request.oneofKind) {
      case "get": {
        const from = Number(Buffer.from(request.get.continuationToken).toString() || "0");
        const to = Math.min(held.length, from + this.statePageBytes);
        const continuationToken = to < held.length ? Buffer.from(String(to)) : new Uint8Array();
        return {
          id,
          error: "",
          response: { oneofKind: "get", get: { continuationToken, data: held.subarray(from, to) } },
        };
      }
      case "append":
        this.state.set(key, Buffer.concat([held, request.append.data]));
        return { id, error: "", response: { oneofKind: "append", append: {} } };
      case "clear":
        this.state.delete(key);
        return { id, error: "", response: { oneofKind: "clear", clear: {} } };
      case undefined:
        return { id, error: "unknown state request", response: { oneofKind: undefined } };
    }
  }
}

/** A state key as text: `state name@window/key` of a bag, `side input name@window`, or the runner's token; bytes as latin1. */
export function stateId(key: StateKey | undefined): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  switch (key?.type.oneofKind) {
    case "bagUserState": {
      const { userStateId, window, key: userKey } = key.type.bagUserState;
      return `${userStateId}@${text(window)}/${text(userKey)}`;
    }
    case "iterableSideInput":
      return `${key.type.iterableSideInput.sideInputId}@${text(key.type.iterableSideInput.window)}`;
    case "runner":
      return text(key.type.runner.key);
    case "multimapSideInput":
    case "multimapKeysSideInput":
    case "multimapUserState":
    case "multimapKeysUserState":
    case undefined:
      throw new Error(`a state key of kind ${key?.type.oneofKind ?? "none"}`);
  }
}

/** Sinks and timer families, whose end a runner awaits. */
function outputsOf(descriptor: ProcessBundleDescriptor | undefined): ReadonlySet<string> {
  const ids = Object.entries(descriptor?.transforms ?? {}).flatMap(([id, { spec }]) => {
    if (spec?.urn === "beam:runner:sink:v1") return [id];
    if (spec?.urn !== "beam:transform:pardo:v1") return [];
    return Object.keys(ParDoPayload.fromBinary(spec.payload).timerFamilySpecs).map(
      (family) => `${id}/${family}`,
    );
  });
  return new Set(ids);
}

// A test that ends cancels streams; the server's side need not care.
function ignoreErrors(call: Stream): void {
  call.on("error", () => undefined);
}
