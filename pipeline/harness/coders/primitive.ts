import { coder } from "./coder.ts";

/** Raw bytes. What is decoded is a view of the message it came in: copy what outlives the bundle. */
export const bytesCoder = coder<Uint8Array>("beam:coder:bytes:v1", {
  encode(value, to, nested) {
    if (nested) to.varint(value.length);
    to.bytes(value);
  },
  decode: (from, nested) => (nested ? from.bytes(from.length()) : from.rest()),
});

/** Text. */
export const utf8Coder = coder<string>("beam:coder:string_utf8:v1", {
  encode: (value, to, nested) => (nested ? to.string(value) : to.utf8(value)),
  decode: (from, nested) => (nested ? from.string() : from.rest().toString("utf8")),
});

/** A 64-bit integer: a number where that is exact, else a bigint. */
export const varintCoder = coder<number | bigint>("beam:coder:varint:v1", {
  encode: (value, to) => to.varint(value),
  decode: (from) => from.varint(),
});

export const doubleCoder = coder<number>("beam:coder:double:v1", {
  encode: (value, to) => to.double(value),
  decode: (from) => from.double(),
});

export const boolCoder = coder<boolean>("beam:coder:bool:v1", {
  encode: (value, to) => to.byte(value ? 1 : 0),
  decode: (from) => from.byte() !== 0,
});

/** Anything that JSON can hold; ours, so runners wrap it in a length prefix. For small things off the hot path. */
export const jsonCoder = coder<unknown>("freshet:coder:json:v1", {
  encode(value, to, nested) {
    const text = JSON.stringify(value);
    if (nested) to.string(text);
    else to.utf8(text);
  },
  decode: (from, nested): unknown => JSON.parse(nested ? from.string() : from.rest().toString("utf8")),
});
