import { status } from "@grpc/grpc-js";

/** Thrown when a request can't be served: both protocols answer with its code and message. */
export class PubsubError extends Error {
  /** A gRPC status code. */
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = "PubsubError";
    this.code = code;
  }
}

/** NOT_FOUND, in the service's own words: clients match on them. */
export const notFound = (resource: string): PubsubError =>
  new PubsubError(status.NOT_FOUND, `Resource not found (resource=${resource}).`);

/** ALREADY_EXISTS, in the service's own words. */
export const alreadyExists = (resource: string): PubsubError =>
  new PubsubError(status.ALREADY_EXISTS, `Resource already exists in the project (resource=${resource}).`);

/** INVALID_ARGUMENT. */
export const invalidArgument = (message: string): PubsubError =>
  new PubsubError(status.INVALID_ARGUMENT, message);

/** The result of reading something that came from outside; whatever reading it throws becomes INVALID_ARGUMENT. */
export async function orInvalid<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw invalidArgument(`Invalid request: ${String(error)}`);
  }
}

/** UNIMPLEMENTED: what this endpoint lacks is refused, never ignored. */
export const unimplemented = (what: string): PubsubError =>
  new PubsubError(status.UNIMPLEMENTED, `${what} is not available on the local Pub/Sub endpoint.`);
