import type { Reader, Writer } from "../../core/bytes.ts";

/** A coder in a graph's proto: what it is, and the ids of its component coders. */
export interface CoderProto {
  spec?: { urn: string; payload: Uint8Array };
  componentCoderIds: string[];
}

/** Where graph construction keeps coders; apache-beam's pipeline context is one. */
export interface CoderContext {
  getCoderId(coder: Coder<unknown>): string;
}

/**
 * How elements of type `T` are written to bytes and read back. Graph construction and worker share the objects:
 * a coder also writes its own proto.
 */
export abstract class Coder<T> {
  readonly urn: string;
  readonly components: readonly Coder<unknown>[];
  readonly payload: Uint8Array;

  constructor(
    urn: string,
    components: readonly Coder<unknown>[] = [],
    payload: Uint8Array = new Uint8Array(),
  ) {
    this.urn = urn;
    this.components = components;
    this.payload = payload;
  }

  /** @param nested whether something follows, so that the encoding must carry its own end. */
  abstract encode(value: T, to: Writer, nested: boolean): void;
  abstract decode(from: Reader, nested: boolean): T;

  toProto(context: CoderContext): CoderProto {
    const componentCoderIds = this.components.map((component) => context.getCoderId(component));
    return { spec: { urn: this.urn, payload: this.payload }, componentCoderIds };
  }
}

/** A coder without components. */
export interface CoderFunctions<T> {
  encode(value: T, to: Writer, nested: boolean): void;
  decode(from: Reader, nested: boolean): T;
}

class FunctionCoder<T> extends Coder<T> {
  readonly #functions: CoderFunctions<T>;
  constructor(urn: string, functions: CoderFunctions<T>) {
    super(urn);
    this.#functions = functions;
  }
  encode(value: T, to: Writer, nested: boolean): void {
    this.#functions.encode(value, to, nested);
  }
  decode(from: Reader, nested: boolean): T {
    return this.#functions.decode(from, nested);
  }
}

/**
 * A coder of our own. Pass it to `registerCoder` in every worker that meets it.
 * @example const celsius = coder<number>("shop:celsius:v1", { encode: (v, to) => to.double(v), decode: (from) => from.double() });
 */
export function coder<T>(urn: string, functions: CoderFunctions<T>): Coder<T> {
  return new FunctionCoder(urn, functions);
}
