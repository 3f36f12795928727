import type { Reader, Writer } from "./bytes.ts";
import type { FeatureValue } from "./model.ts";

/*
 * A feature value: one tag byte, then its content. A whole number from 0 to 2^53 is a varint, any other a
 * double; each value has one encoding only, so that equal states are equal bytes. Tags are part of stored data.
 */
const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const WHOLE = 3;
const DOUBLE = 4;
const STRING = 5;

/** The value that is stored for a value: 0 for −0, which equals it in other bytes. */
export function canonicalValue<V extends FeatureValue>(value: V): V {
  return value === 0 ? (0 as V) : value;
}

/** Writes a value with its type. −0 is written as 0. */
export function writeValue(value: FeatureValue, to: Writer): void {
  if (value === null) to.byte(NULL);
  else if (typeof value === "boolean") to.byte(value ? TRUE : FALSE);
  else if (typeof value === "string") {
    to.byte(STRING);
    to.string(value);
  } else if (value >= 0 && Number.isSafeInteger(value)) {
    to.byte(WHOLE);
    to.varint(value);
  } else {
    to.byte(DOUBLE);
    to.double(value);
  }
}

/**
 * Reads what `writeValue` wrote.
 * @throws RangeError for an unknown tag or bytes that end too soon
 */
export function readValue(from: Reader): FeatureValue {
  const tag = from.byte();
  switch (tag) {
    case NULL:
      return null;
    case FALSE:
      return false;
    case TRUE:
      return true;
    case WHOLE:
      return from.varintNumber();
    case DOUBLE:
      return from.double();
    case STRING:
      return from.string();
    default:
      throw new RangeError(`no value begins with tag ${tag}`);
  }
}
