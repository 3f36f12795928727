import { createHash, timingSafeEqual } from "node:crypto";
import { FreshetError } from "../core/errors.ts";

/** Thrown at start for a line of API keys that is none. The message tells its number, and nothing that it holds. */
export class ApiKeysError extends FreshetError {
  constructor(line: number) {
    super(
      "bad_api_keys",
      `line ${String(line)} of the API keys must be a caller's name, a space, and the SHA-256 of the key in hex`,
      { line },
    );
  }
}

/** Tells who sent a request; `undefined` where nothing came with it that says so. */
export type Authenticate = (headers: Headers) => string | undefined | Promise<string | undefined>;

const LINE = /^(\S+)\s+([0-9a-f]{64})$/;

/**
 * Takes keys by their hashes only, so that neither a file nor a memory dump gives one away.
 *
 *     checkout 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8
 *
 * @param text a line for each key; a caller may have several, so that keys can be changed; `#` begins a comment
 * @throws ApiKeysError
 */
export function apiKeys(text: string): Authenticate {
  const known = text.split("\n").flatMap((line, i) => {
    const content = line.replace(/#.*$/, "").trim();
    if (content === "") return [];
    const [, caller, hash] = LINE.exec(content) ?? [];
    if (caller === undefined || hash === undefined) throw new ApiKeysError(i + 1);
    return [{ caller, hash: Buffer.from(hash, "hex") }];
  });
  return (headers) => {
    const presented = keyOf(headers);
    if (presented === undefined) return undefined;
    const hash = createHash("sha256").update(presented).digest();
    // All are compared, so that the time tells nothing of which was near.
    return known.filter((each) => timingSafeEqual(each.hash, hash))[0]?.caller;
  };
}

/** Takes what any of several ways takes, the first that knows the caller. */
export function anyOf(ways: readonly Authenticate[]): Authenticate {
  return async (headers) => {
    for (const way of ways) {
      const caller = await way(headers);
      if (caller !== undefined) return caller;
    }
    return undefined;
  };
}

/** `Authorization: Bearer KEY`, or `X-API-Key: KEY`. */
function keyOf(headers: Headers): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  return bearer ?? headers.get("x-api-key") ?? undefined;
}
