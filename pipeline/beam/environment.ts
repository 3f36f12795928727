import { DockerPayload, ExternalPayload, ProcessPayload } from "apache-beam/proto/beam_runner_api";
import { ApiServiceDescriptor } from "apache-beam/proto/endpoints";

/** Where a graph's workers run. */
export type WorkerEnvironment =
  /** In a worker pool that listens at `host:port`. */
  | { readonly kind: "external"; readonly pool: string }
  /** In containers that the runner starts. */
  | { readonly kind: "docker"; readonly image: string }
  /**
   * In processes that the runner starts on its own machines: `command` is a program's path there, run with the
   * arguments of a container's entry point, and `env` is added to its environment.
   */
  | { readonly kind: "process"; readonly command: string; readonly env?: Readonly<Record<string, string>> };

/** The environment as runners read it. */
export function environmentPayload(environment: WorkerEnvironment): {
  urn: string;
  payload: Uint8Array;
} {
  switch (environment.kind) {
    case "external": {
      const endpoint = ApiServiceDescriptor.create({ url: environment.pool });
      return {
        urn: "beam:env:external:v1",
        payload: ExternalPayload.toBinary(ExternalPayload.create({ endpoint })),
      };
    }
    case "docker":
      return {
        urn: "beam:env:docker:v1",
        payload: DockerPayload.toBinary(DockerPayload.create({ containerImage: environment.image })),
      };
    case "process": {
      const { command, env = {} } = environment;
      return {
        urn: "beam:env:process:v1",
        payload: ProcessPayload.toBinary(ProcessPayload.create({ command, env: { ...env } })),
      };
    }
  }
}
