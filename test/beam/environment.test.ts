import { DockerPayload, ExternalPayload, ProcessPayload } from "apache-beam/proto/beam_runner_api";
import { expect, it } from "vitest";
import { Graph } from "../../pipeline/beam/beam.ts";
import type { WorkerEnvironment } from "../../pipeline/beam/environment.ts";

/** The one environment of a graph, as a runner reads it. */
function environmentOf(environment: WorkerEnvironment) {
  const graph = new Graph();
  graph.impulse("impulse");
  const environments = Object.values(graph.toProto(environment).components?.environments ?? {});
  expect(environments).toHaveLength(1);
  return environments[0];
}

it("a graph's workers may be a pool's", () => {
  const { urn, payload } = environmentOf({ kind: "external", pool: "127.0.0.1:5" }) ?? {};
  expect(urn).toBe("beam:env:external:v1");
  expect(ExternalPayload.fromBinary(payload ?? new Uint8Array()).endpoint?.url).toBe("127.0.0.1:5");
});

it("a graph's workers may be containers", () => {
  const { urn, payload } = environmentOf({ kind: "docker", image: "i@sha256:1" }) ?? {};
  expect(urn).toBe("beam:env:docker:v1");
  expect(DockerPayload.fromBinary(payload ?? new Uint8Array()).containerImage).toBe("i@sha256:1");
});

it("a graph's workers may be processes of the runner's machines, with an environment", () => {
  const { urn, payload } =
    environmentOf({ kind: "process", command: "/w/container.ts", env: { PATH: "/n" } }) ?? {};
  expect(urn).toBe("beam:env:process:v1");
  const { command, env } = ProcessPayload.fromBinary(payload ?? new Uint8Array());
  expect({ command, env }).toEqual({ command: "/w/container.ts", env: { PATH: "/n" } });
});
