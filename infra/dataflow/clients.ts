import { JobsV1Beta3Client, MessagesV1Beta3Client } from "@google-cloud/dataflow";
import { Storage } from "@google-cloud/storage";
import { GoogleAuth, PassThroughClient } from "google-auth-library";

/** Where Google's services are instead of at Google: URLs of stand-ins, which ask for no credentials. */
export interface ServiceUrls {
  readonly dataflow?: string;
  readonly storage?: string;
  /** A registry of images. */
  readonly registry?: string;
}

/** Google's clients for Dataflow, over HTTP and JSON. */
export function dataflowClients(
  project: string,
  { dataflow }: ServiceUrls,
): { readonly jobs: JobsV1Beta3Client; readonly messages: MessagesV1Beta3Client } {
  const options = {
    fallback: true,
    projectId: project,
    ...(dataflow !== undefined && standIn(dataflow)),
  } as const;
  return { jobs: new JobsV1Beta3Client(options), messages: new MessagesV1Beta3Client(options) };
}

/** Google's client for Cloud Storage. */
export function storageClient(project: string, { storage }: ServiceUrls): Storage {
  if (storage === undefined) return new Storage({ projectId: project });
  return new Storage({ projectId: project, apiEndpoint: storage, useAuthWithCustomEndpoint: false });
}

function standIn(url: string) {
  const { hostname, port, protocol } = new URL(url);
  // The client brings an older copy of the library with the same interface.
  const auth = new GoogleAuth({ authClient: new PassThroughClient() }) as never;
  return { apiEndpoint: hostname, port: Number(port), protocol: protocol.replace(":", ""), auth };
}
