/** Names of the fields of `E` that hold a `V`. */
export type FieldsOf<E, V> = { [K in keyof E]-?: E[K] extends V ? K : never }[keyof E] & string;

/** The same type, shown by editors as one object. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** At least one. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** No names at all: what an option left out comes to. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- none is what it means
export type Nothing = {};
