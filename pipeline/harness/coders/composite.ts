import { Writer } from "../../core/bytes.ts";
import type { Reader } from "../../core/bytes.ts";
import type { KV } from "../windowed-value.ts";
import { Coder } from "./coder.ts";
import { bytesCoder } from "./primitive.ts";

class KvCoder<K, V> extends Coder<KV<K, V>> {
  readonly key: Coder<K>;
  readonly value: Coder<V>;
  constructor(key: Coder<K>, value: Coder<V>) {
    super("beam:coder:kv:v1", [key, value]);
    this.key = key;
    this.value = value;
  }
  encode(pair: KV<K, V>, to: Writer, nested: boolean): void {
    this.key.encode(pair.key, to, true);
    this.value.encode(pair.value, to, nested);
  }
  decode(from: Reader, nested: boolean): KV<K, V> {
    return { key: this.key.decode(from, true), value: this.value.decode(from, nested) };
  }
}
export type { KvCoder };

/** Key and value. */
export function kvCoder<K, V>(key: Coder<K>, value: Coder<V>): KvCoder<K, V> {
  return new KvCoder(key, value);
}

/** The key's coder, where a coder is of key-value pairs. */
export function keyCoderOf(coder: Coder<unknown>): Coder<unknown> | undefined {
  return coder instanceof KvCoder ? (coder as KvCoder<unknown, unknown>).key : undefined;
}

class NullableCoder<T> extends Coder<T | null> {
  readonly #of: Coder<T>;
  constructor(of: Coder<T>) {
    super("beam:coder:nullable:v1", [of]);
    this.#of = of;
  }
  encode(value: T | null, to: Writer, nested: boolean): void {
    to.byte(value === null ? 0 : 1);
    if (value !== null) this.#of.encode(value, to, nested);
  }
  decode(from: Reader, nested: boolean): T | null {
    return from.byte() === 0 ? null : this.#of.decode(from, nested);
  }
}

/** A value or null. */
export function nullableCoder<T>(of: Coder<T>): Coder<T | null> {
  return new NullableCoder(of);
}

class LengthPrefixCoder<T> extends Coder<T> {
  readonly #of: Coder<T>;
  readonly #scratch = new Writer(64);
  constructor(of: Coder<T>) {
    super("beam:coder:length_prefix:v1", [of]);
    this.#of = of;
  }
  encode(value: T, to: Writer): void {
    const scratch = this.#scratch;
    scratch.pos = 0;
    this.#of.encode(value, scratch, false);
    to.varint(scratch.pos);
    to.bytes(scratch.view());
  }
  decode(from: Reader): T {
    const outer = from.end;
    const length = from.length();
    from.end = from.pos + length;
    try {
      const value = this.#of.decode(from, false);
      if (!from.done) throw new RangeError(`${this.#of.urn} left ${from.end - from.pos} of ${length} bytes`);
      return value;
    } finally {
      from.end = outer;
    }
  }
}

/** A value behind its length: how runners carry what they can't read. */
export function lengthPrefixCoder<T>(of: Coder<T>): Coder<T> {
  return new LengthPrefixCoder(of);
}

/** A key with the shard that a runner put it in. */
export interface ShardedKey<K = unknown> {
  readonly shardId: Uint8Array;
  readonly key: K;
}

class ShardedKeyCoder<K> extends Coder<ShardedKey<K>> {
  readonly #key: Coder<K>;
  constructor(key: Coder<K>) {
    super("beam:coder:sharded_key:v1", [key]);
    this.#key = key;
  }
  encode({ shardId, key }: ShardedKey<K>, to: Writer): void {
    bytesCoder.encode(shardId, to, true);
    this.#key.encode(key, to, true);
  }
  decode(from: Reader): ShardedKey<K> {
    return { shardId: bytesCoder.decode(from, true), key: this.#key.decode(from, true) };
  }
}

/** A key behind its shard: how runners spread one key's work. */
export function shardedKeyCoder<K>(key: Coder<K>): Coder<ShardedKey<K>> {
  return new ShardedKeyCoder(key);
}
