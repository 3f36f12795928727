import { PubSub } from "@google-cloud/pubsub";
import type { Message, Subscription } from "@google-cloud/pubsub";
import { startEndpoint } from "../../infra/local/pubsub/endpoint.ts";
import type { Endpoint, EndpointOptions } from "../../infra/local/pubsub/endpoint.ts";

// Google's auth library would otherwise look for a metadata server, which no test machine has.
process.env["METADATA_SERVER_DETECTION"] = "none";

/** The project that tests use; Beam wants at least 6 characters. */
export const PROJECT = "local-dev";

/** Google's own client on an endpoint. To be closed by the caller. */
export const pubsubClient = (grpc: string): PubSub =>
  new PubSub({ projectId: PROJECT, apiEndpoint: grpc, emulatorMode: true });

/** Runs a test against an endpoint of its own, on the real clock, with Google's client. */
export async function withEndpoint(
  test: (client: PubSub, endpoint: Endpoint) => Promise<void>,
  options: Partial<EndpointOptions> = {},
): Promise<void> {
  const endpoint = await startEndpoint({ now: Date.now, ...options });
  const client = pubsubClient(endpoint.grpc);
  try {
    await test(client, endpoint);
  } finally {
    await client.close();
    endpoint.close();
  }
}

/**
 * Opens a subscription's stream and waits until a message makes `enough` true.
 * @param enough gets each message as it comes: it decides to ack or nack, and when to stop
 * @throws what the stream throws
 */
export async function receive(
  subscription: Subscription,
  enough: (message: Message) => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    subscription.on("error", reject);
    subscription.on("message", (message: Message) => {
      if (enough(message)) resolve();
    });
  });
  subscription.removeAllListeners();
  await subscription.close();
}

/** The JSON of one REST call on the tests' project, with its HTTP status. */
export async function rest(
  endpoint: Pick<Endpoint, "rest">,
  verb: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const init = body === undefined ? { method: verb } : { method: verb, body: JSON.stringify(body) };
  const response = await fetch(`http://${endpoint.rest}/v1/projects/${PROJECT}/${path}`, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
