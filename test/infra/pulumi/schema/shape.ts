/** What a value must look like. */
export type Shape =
  | { readonly kind: "any" | "boolean" | "number" | "asset" }
  /** `values`: the only ones allowed, where the declarations name them. */
  | { readonly kind: "string"; readonly values?: readonly string[] }
  | { readonly kind: "list"; readonly items: Shape }
  | { readonly kind: "map"; readonly values: Shape }
  | { readonly kind: "object"; readonly fields: Fields };

/** The fields of an object, by name; others are mistakes. */
export type Fields = Readonly<Record<string, Field>>;

/** One field of an object. */
export interface Field {
  readonly shape: Shape;
  readonly isRequired: boolean;
  /** Whether another value means another resource: the provider replaces it. */
  readonly replaces: boolean;
}

/** What the provider's declarations say of one type of resource. */
export interface ResourceSchema {
  /** A type token, like `gcp:bigtable/table:Table`. */
  readonly type: string;
  readonly inputs: Fields;
  /** How its id is written, with inputs between braces, like `projects/{project}/topics/{name}`; undefined: not told. */
  readonly idFormat: string | undefined;
  /** Names of what the provider adds when the resource is there, like `email` of a service account. */
  readonly outputs: readonly string[];
  /** Inputs that forbid deletion unless they are set to false. */
  readonly guards: readonly string[];
}
