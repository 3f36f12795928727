import type { JSONValue } from "proto3-json-serializer";
import { rpcMethods } from "./protos.ts";
import type { RpcMethod } from "./protos.ts";

/** A REST call that belongs to a method. */
export interface Match {
  readonly method: RpcMethod;
  /** The request message, from path, query and body. */
  readonly request: object;
}

/** A REST call before it is understood. */
export interface RestCall {
  readonly verb: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JSONValue;
}

interface Route {
  readonly method: RpcMethod;
  readonly verb: string;
  readonly pattern: RegExp;
  /** Where in the request the resource's name goes: `["topic"]`, `["subscription", "name"]`. */
  readonly field: readonly string[];
  readonly body: string;
}

/**
 * Finds the method of a REST call by the `google.api.http` rules of the services.
 * @see https://cloud.google.com/endpoints/docs/grpc/transcoding
 */
export function restRouter(services: readonly string[]): (call: RestCall) => Match | undefined {
  const routes = services.flatMap(rpcMethods).flatMap(toRoute);
  return (call) => {
    for (const route of routes) {
      const name = route.verb === call.verb ? route.pattern.exec(call.path)?.[1] : undefined;
      if (name === undefined) continue;
      return { method: route.method, request: route.method.request.fromJson(toRequest(route, name, call)) };
    }
    return undefined;
  };
}

function toRoute(method: RpcMethod): Route[] {
  const parts = /^(.*)\{([\w.]+)=([^}]+)\}(.*)$/.exec(method.http?.template ?? "");
  if (!method.http || !parts) return [];
  const [, before = "", field = "", resource = "", after = ""] = parts;
  const pattern = new RegExp(`^${before}(${resource.replaceAll("*", "[^/:]+")})${after}$`);
  return [
    {
      method,
      verb: method.http.verb,
      pattern,
      field: field.split(".").map(camelCase),
      body: method.http.body,
    },
  ];
}

function toRequest({ field, body }: Route, name: string, call: RestCall): JSONValue {
  const request: Record<string, JSONValue> = Object.fromEntries(call.query);
  if (body === "*") Object.assign(request, call.body);
  else if (body !== "") request[body] = call.body;
  const [first = "", second] = field;
  request[first] = second === undefined ? name : { ...(request[first] as object), [second]: name };
  return request;
}

const camelCase = (text: string): string =>
  text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
