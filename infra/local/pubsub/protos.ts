import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { google } from "@google-cloud/pubsub/build/protos/protos.js";
import protobuf from "protobufjs";
import { fromProto3JSON, toProto3JSON } from "proto3-json-serializer";
import type { JSONValue } from "proto3-json-serializer";

export type ITopic = google.pubsub.v1.ITopic;
export type ISubscription = google.pubsub.v1.ISubscription;
export type ISchema = google.pubsub.v1.ISchema;
export type IPubsubMessage = google.pubsub.v1.IPubsubMessage;
export type IReceivedMessage = google.pubsub.v1.IReceivedMessage;
export type IFieldMask = google.protobuf.IFieldMask;

/** One protobuf message type in both of its encodings: bytes (gRPC) and proto3 JSON (REST, journal). */
export interface Codec<T> {
  decode(bytes: Uint8Array): T;
  encode(value: T): Buffer;
  /** @throws Error when a value doesn't fit its field */
  fromJson(json: JSONValue): T;
  toJson(value: T): JSONValue;
}

/** How a method is called over REST: Google's `http` option of the method. */
export interface HttpRule {
  readonly verb: string;
  /** Like `/v1/{topic=projects/*\/topics/*}:publish`. */
  readonly template: string;
  /** Which field the request's body is: `*` for the whole request, "" for none. */
  readonly body: string;
}

/** One method of one of Pub/Sub's services. */
export interface RpcMethod {
  /** Like `Publisher`. */
  readonly service: string;
  readonly name: string;
  /** Like `/google.pubsub.v1.Publisher/Publish`. */
  readonly path: string;
  readonly streaming: boolean;
  readonly request: Codec<object>;
  readonly response: Codec<object>;
  readonly http: HttpRule | undefined;
}

const PACKAGE = "google.pubsub.v1";
const VERBS = ["get", "put", "post", "delete", "patch"];

// Google's own description of its API, as its client ships it: one source for both protocols.
const root = protobuf.Root.fromJSON(
  JSON.parse(
    readFileSync(fileURLToPath(import.meta.resolve("@google-cloud/pubsub/build/protos/protos.json")), "utf8"),
  ) as protobuf.INamespace,
).resolveAll();

function codecOf<T extends object>(type: protobuf.Type): Codec<T> {
  return {
    decode: (bytes) => type.decode(bytes) as T,
    encode: (value) => Buffer.from(type.encode(type.fromObject(value)).finish()),
    fromJson: (json) => fromProto3JSON(type, json) as T,
    toJson: (value) => toProto3JSON(type.fromObject(value)),
  };
}

/**
 * The codec of a message type of Pub/Sub.
 * @param name like `Topic`
 */
export function codec<T extends object>(name: string): Codec<T> {
  return codecOf<T>(root.lookupType(`${PACKAGE}.${name}`));
}

/**
 * All methods of one service.
 * @param service like `Publisher`
 */
export function rpcMethods(service: string): RpcMethod[] {
  return root.lookupService(`${PACKAGE}.${service}`).methodsArray.map((method) => ({
    service,
    name: method.name,
    path: `/${PACKAGE}.${service}/${method.name}`,
    streaming: method.requestStream === true || method.responseStream === true,
    request: codecOf(method.resolvedRequestType as protobuf.Type),
    response: codecOf(method.resolvedResponseType as protobuf.Type),
    http: httpRule(method),
  }));
}

function httpRule(method: protobuf.Method): HttpRule | undefined {
  const options = (method.parsedOptions ?? []) as unknown as Record<
    string,
    Record<string, string> | undefined
  >[];
  const rule = options.map((option) => option["(google.api.http)"]).find((found) => found !== undefined);
  const verb = VERBS.find((name) => rule?.[name] !== undefined);
  if (!rule || !verb) return undefined;
  return { verb: verb.toUpperCase(), template: rule[verb] ?? "", body: rule["body"] ?? "" };
}
