import type { Storage } from "@google-cloud/storage";
import { storageClient, type ServiceUrls } from "./clients.ts";
import { explained, type GoogleCall } from "./explain.ts";
import { googleFailure } from "./google-failure.ts";
import type { DataflowTarget } from "./target.ts";

/** The bucket of job graphs. */
export class Staging {
  readonly #storage: Storage;
  readonly #target: DataflowTarget;

  constructor(target: DataflowTarget, urls: ServiceUrls) {
    this.#storage = storageClient(target.project, urls);
    this.#target = target;
  }

  /**
   * Stores an object whose name tells its content: what is there already is left alone.
   * @throws DataflowError
   */
  async store(object: string, content: Uint8Array | string): Promise<void> {
    const file = this.#storage.bucket(this.#target.bucket).file(object);
    const data = typeof content === "string" ? content : Buffer.from(content);
    await this.#call(`store gs://${this.#target.bucket}/${object}`, async () => {
      try {
        await file.save(data, {
          resumable: false,
          validation: "md5",
          preconditionOpts: { ifGenerationMatch: 0 },
        });
      } catch (error) {
        if (googleFailure(error).http !== 412) throw error;
      }
    });
  }

  /**
   * Reads an object of any bucket.
   * @param url `gs://BUCKET/OBJECT`
   * @returns `undefined` where it is gone
   * @throws DataflowError
   */
  async read(url: string): Promise<Uint8Array | undefined> {
    const match = /^gs:\/\/([^/]+)\/(.+)$/.exec(url);
    if (match?.[1] === undefined || match[2] === undefined) return undefined;
    const file = this.#storage.bucket(match[1]).file(match[2]);
    return await this.#call(`read ${url}`, async () => {
      try {
        const [content] = await file.download({ validation: "md5" });
        return content;
      } catch (error) {
        if (googleFailure(error).http === 404) return undefined;
        throw error;
      }
    });
  }

  #call<T>(what: string, make: () => Promise<T>): Promise<T> {
    const call: GoogleCall = { what, service: "storage.googleapis.com", target: this.#target };
    return explained(call, make);
  }
}
