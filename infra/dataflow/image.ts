import { GoogleAuth } from "google-auth-library";
import type { ServiceUrls } from "./clients.ts";
import { DataflowError } from "./errors.ts";

/** What a registry said of an image: it has it, or it can't be asked from here. */
export type ImageCheck = "there" | "not checked";

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
const GOOGLES = /^([a-z0-9-]+\.pkg\.dev|([a-z]+\.)?gcr\.io)$/;
const WITHIN_MS = 10_000;

/**
 * Asks the registry for the worker's image. Dataflow itself says minutes later, in the logs of its machines, that an
 * image can't be pulled. Only Google's registries are asked; what you may not see, the workers' account may.
 * @param image by digest
 * @throws DataflowError `image_not_found`
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#checking-if-content-exists-in-the-registry
 */
export async function checkImage(image: string, urls: ServiceUrls): Promise<ImageCheck> {
  const match = /^(?<host>[^/]+)\/(?<name>.+)@(?<digest>sha256:[0-9a-f]{64})$/.exec(image)?.groups;
  const { host = "", name = "", digest = "" } = match ?? {};
  if (urls.registry === undefined && !GOOGLES.test(host)) return "not checked";
  const status = await manifestStatus(
    `${urls.registry ?? `https://${host}`}/v2/${name}/manifests/${digest}`,
    urls,
  );
  if (status === 200) return "there";
  if (status !== 404) return "not checked";
  const message =
    `the registry has no image ${image}: push it (\`docker push ${host}/${name}\`, or ` +
    `\`gcloud builds submit --config infra/images/cloudbuild.yaml --substitutions _IMAGE=${host}/${name}:TAG\`) and ` +
    "give --image the digest that this prints";
  throw new DataflowError("image_not_found", message, { image });
}

async function manifestStatus(url: string, { registry }: ServiceUrls): Promise<number | undefined> {
  try {
    const token =
      registry === undefined ? await new GoogleAuth({ scopes: CLOUD_PLATFORM }).getAccessToken() : undefined;
    const answer = await fetch(url, {
      method: "HEAD",
      headers: { accept: MANIFESTS, ...(token && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    return answer.status;
  } catch {
    return undefined; // no credentials, no network: what comes next says so better
  }
}

const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";
