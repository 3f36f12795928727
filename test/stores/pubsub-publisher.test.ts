import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { closeClients, publisherClient } from "../../pipeline/stores/clients.ts";
import { StoreConfigError, StoreUnavailableError } from "../../pipeline/stores/errors.ts";
import { publishAll, publishBatch } from "../../pipeline/stores/pubsub-publisher.ts";
import { type GrpcAction, scriptedPubsub } from "../support/scripted-grpc.ts";
import { instantRetry, testEndpoints } from "../support/stores.ts";

const messages = ["a", "b", "c"].map((text) => ({ data: Buffer.from(text), attributes: {} }));
const ids = (payloads: readonly string[]) => payloads.map((payload) => `id of ${payload}`);

async function publish(
  act: (payloads: readonly string[], index: number) => GrpcAction<readonly string[]>,
  attempts = 4,
) {
  const calls: string[] = [];
  await using server = await scriptedPubsub((payloads, i) => {
    calls.push(payloads.join(""));
    return act(payloads, i);
  });
  const client = publisherClient(testEndpoints("d", { pubsubGrpc: server.address }));
  const result = publishBatch(client, "local-dev", "t", messages, instantRetry(attempts));
  return { published: await result.catch((thrown: unknown) => thrown), calls };
}

afterEach(closeClients);

describe("publishBatch", () => {
  it("returns the id of each message, after whatever retries", async () => {
    const { published, calls } = await publish((payloads, i) =>
      i === 0 ? { fail: status.UNAVAILABLE } : { results: ids(payloads) },
    );
    expect(published).toEqual({ messageIds: ["id of a", "id of b", "id of c"], refused: [] });
    expect(calls).toEqual(["abc", "abc"]);
  });

  it("publishes all but the message that Pub/Sub refuses", async () => {
    const { published } = await publish((payloads) =>
      payloads.includes("b") ? { fail: status.INVALID_ARGUMENT } : { results: ids(payloads) },
    );
    expect(published).toMatchObject({
      messageIds: ["id of a", undefined, "id of c"],
      refused: [{ entry: messages[1] }],
    });
  });

  it("tells an outage from a missing topic", async () => {
    expect((await publish(() => ({ fail: status.UNAVAILABLE }), 2)).published).toBeInstanceOf(
      StoreUnavailableError,
    );
    const missing = await publish(() => ({ fail: status.NOT_FOUND }));
    expect(missing.published).toBeInstanceOf(StoreConfigError);
    expect(missing.calls).toHaveLength(1);
  });
});

it("publishAll counts what was acknowledged, in requests within Pub/Sub's limits", async () => {
  const sizes: number[] = [];
  await using server = await scriptedPubsub((payloads) => {
    sizes.push(payloads.length);
    return { results: ids(payloads) };
  });
  const client = publisherClient(testEndpoints("d", { pubsubGrpc: server.address }));
  const many = Array.from({ length: 1234 }, (_, i) => ({ data: Buffer.from(String(i)), attributes: {} }));
  const result = await publishAll(client, "local-dev", "t", many, instantRetry());
  expect(result).toEqual({ published: 1234, refused: [] });
  expect(sizes.sort((a, b) => b - a)).toEqual([500, 500, 234]);
});
