import type { ProvisionInfo } from "apache-beam/proto/beam_provision_api";
import { ProvisionServiceClient } from "apache-beam/proto/beam_provision_api.grpc-client";
import { HarnessError, required } from "../errors.ts";
import { CHANNEL_OPTIONS, CREDENTIALS, workerMetadata } from "./connect.ts";

/**
 * The Fn API's provision service: what the runner tells a worker that starts (endpoints, its own capabilities).
 * @param timeoutMs how long to wait for the answer
 * @throws HarnessError `runner_gone`
 */
export async function provisionInfo(
  url: string,
  workerId: string,
  timeoutMs = 60_000,
): Promise<ProvisionInfo> {
  const client = new ProvisionServiceClient(url, CREDENTIALS, CHANNEL_OPTIONS, {});
  try {
    return await new Promise<ProvisionInfo>((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      client.getProvisionInfo({}, workerMetadata(workerId), options, (error, value) => {
        if (error) {
          const message = `no provision information from ${url}: ${error.message}`;
          reject(new HarnessError("runner_gone", message, { cause: error }));
        } else resolve(required(value?.info, "provision information"));
      });
    });
  } finally {
    client.close();
  }
}
