import type * as grpc from "@grpc/grpc-js";
import type { StateKey, StateRequest, StateResponse } from "apache-beam/proto/beam_fn_api";
import { BeamFnStateClient } from "apache-beam/proto/beam_fn_api.grpc-client";
import { HarnessError } from "../errors.ts";
import { CHANNEL_OPTIONS, CREDENTIALS } from "./connect.ts";

interface Waiting {
  readonly resolve: (response: StateResponse) => void;
  readonly reject: (error: Error) => void;
}

const NOTHING = new Uint8Array();

/** The Fn API's state service: one stream to an endpoint, which all bundles of a worker share. */
export class StateChannel {
  readonly #client: BeamFnStateClient;
  readonly #call: grpc.ClientDuplexStream<StateRequest, StateResponse>;
  readonly #waiting = new Map<string, Waiting>();
  #nextId = 0;
  #failure: HarnessError | undefined;

  /** @param onLost called once, when the stream has broken */
  constructor(url: string, metadata: grpc.Metadata, onLost: (error: HarnessError) => void) {
    this.#client = new BeamFnStateClient(url, CREDENTIALS, CHANNEL_OPTIONS, {});
    this.#call = this.#client.state(metadata);
    this.#call.on("data", (response: StateResponse) => {
      const waiting = this.#waiting.get(response.id);
      this.#waiting.delete(response.id);
      if (response.error === "") waiting?.resolve(response);
      else
        waiting?.reject(
          new HarnessError("protocol", `the runner refused a state request: ${response.error}`),
        );
    });
    this.#call.on("error", (cause: Error) => {
      const known = this.#failure !== undefined;
      const error = this.#fail(`the state stream to ${url} broke: ${cause.message}`, cause);
      if (!known) onLost(error);
    });
    this.#call.on("end", () => {
      this.#fail(`the runner ended the state stream to ${url}`);
      this.#call.end();
    });
  }

  /** Everything the runner holds under a key, in one piece however many the runner sends. */
  async get(instruction: string, key: StateKey): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let continuationToken = NOTHING;
    do {
      const { response } = await this.#ask(instruction, key, {
        oneofKind: "get",
        get: { continuationToken },
      });
      if (response.oneofKind !== "get")
        throw new HarnessError("protocol", "a state get was answered by something else");
      parts.push(response.get.data);
      continuationToken = response.get.continuationToken as Uint8Array<ArrayBuffer>;
    } while (continuationToken.length > 0);
    return parts.length === 1 ? (parts[0] ?? NOTHING) : Buffer.concat(parts);
  }

  /** Adds encoded elements. Requests of one instruction take effect in the order they are made. */
  async append(instruction: string, key: StateKey, data: Uint8Array): Promise<void> {
    await this.#ask(instruction, key, { oneofKind: "append", append: { data } });
  }

  async clear(instruction: string, key: StateKey): Promise<void> {
    await this.#ask(instruction, key, { oneofKind: "clear", clear: {} });
  }

  /** Lets go of the stream; as for data, the runner's side is never half-closed first. */
  cancel(): void {
    this.#fail("the worker has stopped");
    this.#call.cancel();
    this.#client.close();
  }

  #ask(instructionId: string, stateKey: StateKey, request: StateRequest["request"]): Promise<StateResponse> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = String(this.#nextId++);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#call.write({ id, instructionId, stateKey, request });
    });
  }

  #fail(message: string, cause?: Error): HarnessError {
    if (this.#failure) return this.#failure;
    const error = new HarnessError("runner_gone", message, { cause });
    this.#failure = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    return error;
  }
}
