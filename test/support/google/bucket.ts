import { createHash } from "node:crypto";
import { protoError, type Reply } from "./replies.ts";

/** Cloud Storage's stand-in: buckets with objects, whole in memory. */
export class FakeStorage {
  readonly objects = new Map<string, Uint8Array>();
  readonly buckets = new Set<string>();

  /** `objects.insert`, multipart; an object is made, never overwritten, where the generation must be 0. */
  insert(bucket: string, name: string, generation: string | null, upload: Buffer): Reply {
    if (!this.buckets.has(bucket))
      return protoError(404, "NOT_FOUND", "The specified bucket does not exist.");
    const key = `${bucket}/${name}`;
    if (generation === "0" && this.objects.has(key)) {
      return protoError(
        412,
        "CONDITION_NOT_MET",
        "At least one of the pre-conditions you specified did not hold.",
      );
    }
    const content = secondPart(upload);
    this.objects.set(key, content);
    return { status: 200, body: { bucket, name, md5Hash: md5(content) } };
  }

  /** `objects.get` with `alt=media`. */
  read(bucket: string, name: string): Reply {
    const content = this.objects.get(`${bucket}/${name}`);
    if (content === undefined) return protoError(404, "NOT_FOUND", `No such object: ${bucket}/${name}`);
    return { status: 200, body: content, headers: { "x-goog-hash": `md5=${md5(content)}` } };
  }
}

function md5(content: Uint8Array): string {
  return createHash("md5").update(content).digest("base64");
}

/** The content of a multipart upload: what stands after the object's metadata. */
function secondPart(upload: Buffer): Uint8Array {
  const boundary = upload.subarray(0, upload.indexOf("\r\n"));
  const second = upload.indexOf(boundary, boundary.length);
  const start = upload.indexOf("\r\n\r\n", second) + 4;
  const end = upload.indexOf(`\r\n${boundary.toString()}`, start);
  return new Uint8Array(upload.subarray(start, end));
}
