import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { anyOf, apiKeys } from "../../pipeline/serving/auth.ts";
import { idTokens } from "../../pipeline/serving/id-tokens.ts";
import { httpServer } from "../support/http-server.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { testServer } from "../support/serving.ts";

/** Real tokens, by a key of the test's. Google hands its keys out as certificates: a bare public key is read alike. */
const google = generateKeyPairSync("rsa", { modulusLength: 2048 });
const another = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = google.publicKey.export({ type: "spki", format: "pem" });
const AUDIENCE = "https://features.example.com";
const ACCOUNT = "checkout@shop.iam.gserviceaccount.com";

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const nowS = () => Math.floor(Date.now() / 1000);
function claims(changes: Record<string, unknown> = {}) {
  const times = { iat: nowS() - 10, exp: nowS() + 3_590 };
  const who = { sub: "1", email: ACCOUNT, email_verified: true };
  return { iss: "https://accounts.google.com", aud: AUDIENCE, ...who, ...times, ...changes };
}
function signed(changes: Record<string, unknown> = {}, { key = google.privateKey, kid = "k1" } = {}): string {
  const text = `${base64({ alg: "RS256", kid, typ: "JWT" })}.${base64(claims(changes))}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}
/** Signed by the public key as if it were a shared secret: a fault of verifiers that believe a token's `alg`. */
function signedBySecret(): string {
  const text = `${base64({ alg: "HS256", kid: "k1" })}.${base64(claims())}`;
  return `${text}.${createHmac("sha256", publicKey).update(text).digest("base64url")}`;
}
const unsigned = () => `${base64({ alg: "none", kid: "k1" })}.${base64(claims())}.AA`;

/** A key server, and what takes its tokens. */
async function taking(maxAgeS = 60, waitMs = 20_000) {
  const keyServer = {
    asked: 0,
    answer: (response: ServerResponse): void => {
      const headers = { "Content-Type": "application/json", "Cache-Control": `public, max-age=${maxAgeS}` };
      response.writeHead(200, headers).end(JSON.stringify({ k1: publicKey }));
    },
  };
  const certsUrl = await httpServer((_: IncomingMessage, response) => {
    keyServer.asked += 1;
    keyServer.answer(response);
  });
  const authenticate = idTokens({ audiences: [AUDIENCE, "other"], accounts: [ACCOUNT], certsUrl, waitMs });
  const ask = async (token: string) => authenticate(new Headers({ Authorization: `Bearer ${token}` }));
  return { keyServer, authenticate, ask };
}

describe("an ID token", () => {
  it.each([
    ["as Google makes it", {}],
    ["of the older issuer", { iss: "accounts.google.com" }],
    ["for another of the audiences", { aud: "other" }],
    ["that expired within the clocks' difference", { exp: nowS() - 200 }],
    ["of an address in other letters", { email: ACCOUNT.toUpperCase() }],
  ])("%s is of its account", async (_, changes) => {
    const { ask } = await taking();
    expect(await ask(signed(changes))).toBe(ACCOUNT);
  });

  it.each([
    [
      "signed by another key",
      signed({}, { key: another.privateKey }),
      "no present key of Google's signed it",
    ],
    ["of an unknown key", signed({}, { kid: "k2" }), "no present key of Google's signed it"],
    ["of a key that every object has", signed({}, { kid: "constructor" }), "no present key"],
    ["not signed", unsigned(), "no present key of Google's signed it"],
    ["signed by the public key as a secret", signedBySecret(), "no present key of Google's signed it"],
    [
      "changed after it was signed",
      signed().replace(/\.[^.]+\./, `.${base64(claims({ x: 1 }))}.`),
      "no present",
    ],
    ["of another issuer", signed({ iss: "https://accounts.example.com" }), "Google did not issue it"],
    ["without an issuer", signed({ iss: undefined }), "Google did not issue it"],
    ["for another audience", signed({ aud: "https://elsewhere.example.com" }), "it is for another audience"],
    ["for several audiences", signed({ aud: [AUDIENCE] }), "it is for another audience"],
    ["without an audience", signed({ aud: undefined }), "it is for another audience"],
    ["that has expired", signed({ exp: nowS() - 400 }), "it has expired"],
    ["without an expiry", signed({ exp: undefined }), "it is none"],
    ["of the future", signed({ iat: nowS() + 400 }), "it is of the future"],
    ["without a time", signed({ iat: undefined }), "it is none"],
    ["valid for ever", signed({ exp: nowS() + 2 * 86_400 }), "it is valid for longer than a day"],
    ["of no JSON", "a.b.c", "it is none"],
  ])("%s is refused, and the answer holds nothing of it", async (_, token, reason) => {
    const { ask } = await taking();
    const error: unknown = await ask(token).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "unauthenticated", status: 401 });
    expect((error as Error).message).toContain(`the ID token is not taken: ${reason}`);
    expect((error as Error).message).not.toContain(token.split(".")[1]);
  });

  it.each([
    ["of an account that isn't listed", { email: "mallory@shop.iam.gserviceaccount.com" }, "none of those"],
    ["of an address that isn't verified", { email_verified: false }, "no verified e-mail address"],
    ["of an address that is said to be verified", { email_verified: "true" }, "no verified e-mail address"],
    ["without an address", { email: undefined }, "no verified e-mail address"],
  ])("%s may not ask", async (_, changes, reason) => {
    const { ask } = await taking();
    await expect(ask(signed(changes))).rejects.toMatchObject({ code: "forbidden", status: 403 });
    await expect(ask(signed(changes))).rejects.toThrow(reason);
  });

  it.each([{}, { Authorization: "Bearer key" }, { Authorization: `Basic ${signed()}` }])(
    "there is none in %j",
    async (headers) => {
      const { authenticate, keyServer } = await taking();
      expect(await authenticate(new Headers(headers as Record<string, string>))).toBeUndefined();
      expect(keyServer.asked).toBe(0);
    },
  );
});

describe("Google's keys", () => {
  it("are asked for once by all, and kept for as long as they may be", async () => {
    const { ask, keyServer } = await taking();
    await Promise.all(Array.from({ length: 5 }, () => ask(signed())));
    await ask(signed());
    expect(keyServer.asked).toBe(1);
    const old = await taking(0);
    await old.ask(signed());
    await old.ask(signed());
    expect(old.keyServer.asked).toBe(2);
  });

  it("are a 503 while they can't be had, and are had again after it", async () => {
    const { ask, keyServer } = await taking();
    const { answer } = keyServer;
    keyServer.answer = (response) => response.writeHead(404).end();
    await expect(ask(signed())).rejects.toMatchObject({ code: "identity_unavailable", status: 503 });
    keyServer.answer = answer;
    expect(await ask(signed())).toBe(ACCOUNT);
  });

  it("are not waited for longer than a request may take", async () => {
    const { ask, keyServer } = await taking(60, 20);
    keyServer.answer = () => undefined;
    await expect(ask(signed())).rejects.toMatchObject({ code: "identity_unavailable", status: 503 });
  });
});

it("the server takes a token or a key, and answers each refusal as a problem", async () => {
  const hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"; // of "password"
  const { authenticate, keyServer } = await taking(0);
  const both = anyOf([apiKeys(`ranking ${hash}`), authenticate]);
  const { request } = await testServer(new MemoryStore(), { authenticate: both });
  const asked = async (bearer: string) => {
    const response = await request("/openapi.json", { headers: { Authorization: `Bearer ${bearer}` } });
    const { code } = (await response.json()) as { code?: string };
    return [response.status, code, response.headers.get("www-authenticate")];
  };
  expect(await asked(signed())).toEqual([200, undefined, null]);
  expect(await asked("password")).toEqual([200, undefined, null]);
  expect(await asked("passwort")).toEqual([401, "unauthenticated", "Bearer"]);
  expect(await asked(unsigned())).toEqual([401, "unauthenticated", 'Bearer error="invalid_token"']);
  expect(await asked(signed({ email: "mallory@example.com" }))).toEqual([403, "forbidden", null]);
  keyServer.answer = (response) => response.writeHead(404).end();
  expect(await asked(signed())).toEqual([503, "identity_unavailable", null]);
});
