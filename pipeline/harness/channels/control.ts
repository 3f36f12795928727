import * as grpc from "@grpc/grpc-js";
import type {
  InstructionRequest,
  InstructionResponse,
  ProcessBundleDescriptor,
} from "apache-beam/proto/beam_fn_api";
import { BeamFnControlClient } from "apache-beam/proto/beam_fn_api.grpc-client";
import { HarnessError, required } from "../errors.ts";
import { CHANNEL_OPTIONS, CREDENTIALS } from "./connect.ts";

/** What a control stream reports. Exactly one of `onEnd` and `onLost` comes, once, unless it was cancelled. */
export interface ControlListener {
  onInstruction(request: InstructionRequest): void;
  /** The runner ended the stream in order. */
  onEnd(): void;
  onLost(error: HarnessError): void;
}

/** The Fn API's control service: instructions in, answers out; the worker lives as long as this stream. */
export class ControlChannel {
  readonly #client: BeamFnControlClient;
  readonly #call: grpc.ClientDuplexStream<InstructionResponse, InstructionRequest>;
  readonly #metadata: grpc.Metadata;
  #over = false;

  constructor(url: string, metadata: grpc.Metadata, listener: ControlListener) {
    this.#metadata = metadata;
    this.#client = new BeamFnControlClient(url, CREDENTIALS, CHANNEL_OPTIONS, {});
    this.#call = this.#client.control(metadata);
    this.#call.on("data", (request: InstructionRequest) => {
      listener.onInstruction(request);
    });
    this.#call.on("error", (cause: Error) => {
      if (this.#close())
        listener.onLost(
          new HarnessError("runner_gone", `the runner at ${url} is gone: ${cause.message}`, { cause }),
        );
    });
    this.#call.on("status", ({ code }: grpc.StatusObject) => {
      if (code === grpc.status.OK && this.#close()) listener.onEnd();
    });
    this.#call.on("end", () => {
      this.#call.end();
    });
  }

  /** Answers an instruction; after the stream's end there is nobody to answer. */
  answer(response: InstructionResponse): void {
    if (!this.#over) this.#call.write(response);
  }

  /** What a bundle consists of. */
  descriptor(id: string): Promise<ProcessBundleDescriptor> {
    return new Promise((resolve, reject) => {
      this.#client.getProcessBundleDescriptor(
        { processBundleDescriptorId: id },
        this.#metadata,
        (error, value) => {
          if (error) {
            const message = `the runner gave no descriptor ${id}: ${error.message}`;
            reject(new HarnessError("protocol", message, { cause: error }));
          } else resolve(required(value, `descriptor ${id}`));
        },
      );
    });
  }

  /** Ends the worker's side in order: the runner ends its own. */
  end(): void {
    if (this.#close()) this.#call.end();
  }

  /** Lets go of the stream. */
  cancel(): void {
    this.#close();
    this.#call.cancel();
    this.#client.close();
  }

  /** @returns whether the stream was open until now */
  #close(): boolean {
    const wasOpen = !this.#over;
    this.#over = true;
    return wasOpen;
  }
}
