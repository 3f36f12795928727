import { OAuth2Client } from "google-auth-library";
import { within } from "../stores/within.ts";
import type { Authenticate } from "./auth.ts";
import { Problem, RETRY_AFTER } from "./problem.ts";

/** Whose ID tokens are taken, and for whom they must be made. */
export interface IdTokenOptions {
  /** A token must be for one of them: what callers ask Google for, usually the server's URL. */
  readonly audiences: readonly string[];
  /** E-mail addresses of accounts. Google makes a token for any audience for anyone: without a list, all could ask. */
  readonly accounts: readonly string[];
  /** Where Google's keys are, as certificates by their ids. @default Google's own address */
  readonly certsUrl?: string;
  /** How long a request waits for the keys where they aren't known, ms. */
  readonly waitMs: number;
}

const ISSUERS = ["accounts.google.com", "https://accounts.google.com"];
const FETCH_TIMEOUT_MS = 5_000;

/** What the library says, which may hold the token, in words that hold nothing of it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^Token used too late/, "it has expired"],
  [/^Token used too early/, "it is of the future"],
  [/^Expiration time too far/, "it is valid for longer than a day"],
  [/^Wrong recipient/, "it is for another audience"],
  [/^Invalid issuer/, "Google did not issue it"],
  [/^(Invalid token signature|No pem found)/, "no present key of Google's signed it"],
];

/**
 * Takes Google's ID tokens: `Authorization: Bearer TOKEN`. Signature, issuer, audience and times must be right, give or
 * take five minutes, and the account one of those allowed. The caller's name is the account's e-mail address.
 *
 * Its answer throws a Problem: `unauthenticated` says what is wrong with a token, `forbidden` that the account may not ask,
 * `identity_unavailable` that the keys are not to be had.
 * @see https://cloud.google.com/docs/authentication/token-types#id
 */
export function idTokens(options: IdTokenOptions): Authenticate {
  const { audiences, certsUrl } = options;
  const accounts = new Set(options.accounts.map((account) => account.toLowerCase()));
  const client = new OAuth2Client({
    transporterOptions: { timeout: FETCH_TIMEOUT_MS },
    ...(certsUrl !== undefined && { endpoints: { oauth2FederatedSignonPemCertsUrl: certsUrl } }),
  });
  const keys = new SigningKeys(client, options.waitMs);

  return async (headers) => {
    const [, token] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (token === undefined) return undefined;
    const certs = await keys.get();
    let claims;
    try {
      const ticket = await client.verifySignedJwtWithCertsAsync(token, certs, [...audiences], ISSUERS);
      claims = ticket.getPayload();
    } catch (error) {
      throw refused(error instanceof Error ? error.message : "");
    }
    if (claims?.email === undefined || claims.email_verified !== true) {
      const detail =
        "the ID token tells no verified e-mail address: ask for one with it (--include-email; format=full)";
      throw new Problem("forbidden", detail);
    }
    const email = claims.email.toLowerCase();
    if (accounts.has(email)) return email;
    throw new Problem("forbidden", "the ID token's account is none of those that may ask");
  };
}

function refused(message: string): Problem {
  const [, reason = "it is none"] = REASONS.find(([pattern]) => pattern.test(message)) ?? [];
  const headers = { "WWW-Authenticate": 'Bearer error="invalid_token"' };
  return new Problem("unauthenticated", `the ID token is not taken: ${reason}`, {}, headers);
}

type Certificates = Awaited<ReturnType<OAuth2Client["getFederatedSignonCertsAsync"]>>["certs"];

/** Google's public keys. The library keeps them for as long as the answer's `max-age`; here, one request asks for all. */
class SigningKeys {
  readonly #client: OAuth2Client;
  readonly #waitMs: number;
  #asking: Promise<Certificates> | undefined;

  constructor(client: OAuth2Client, waitMs: number) {
    this.#client = client;
    this.#waitMs = waitMs;
  }

  /** @throws Problem `identity_unavailable` */
  async get(): Promise<Certificates> {
    this.#asking ??= this.#ask();
    try {
      return await within(this.#asking, this.#waitMs, unavailable);
    } catch {
      throw unavailable();
    }
  }

  async #ask(): Promise<Certificates> {
    try {
      return (await this.#client.getFederatedSignonCertsAsync()).certs;
    } finally {
      this.#asking = undefined;
    }
  }
}

function unavailable(): Problem {
  return new Problem("identity_unavailable", "Google's keys could not be had", {}, RETRY_AFTER);
}
