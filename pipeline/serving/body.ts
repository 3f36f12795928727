import { Problem } from "./problem.ts";

const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a request's body as JSON.
 * @throws Problem `unsupported_media_type`, `body_too_large`, `malformed_json`
 */
export async function jsonBody(request: Request, maxBytes: number): Promise<unknown> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new Problem("unsupported_media_type", "the header must be Content-Type: application/json");
  }
  const bytes = await bounded(request, maxBytes);
  try {
    return JSON.parse(UTF_8.decode(bytes)) as unknown;
  } catch {
    throw new Problem("malformed_json", "the body must be one JSON document in UTF-8");
  }
}

/** Stops reading at the limit, whatever length was announced. */
async function bounded(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem(
      "body_too_large",
      `the body must have at most ${String(maxBytes)} bytes`,
      {},
      { Connection: "close" },
    );
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  if (request.headers.has("content-length")) return new Uint8Array(await request.arrayBuffer());
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | readonly [] = request.body ?? [];
  for await (const part of body) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes > maxBytes) throw tooLarge();
  }
  return Buffer.concat(parts);
}
