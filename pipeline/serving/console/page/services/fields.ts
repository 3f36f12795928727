/** A field of a request, as a form shows it. */
export interface RequestField {
  readonly name: string;
  /** How it is entered; `json`: what no simple field is for. */
  readonly kind: "number" | "integer" | "text" | "boolean" | "choice" | "json";
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  /** What the schema asks, for a person: `at least 0`. */
  readonly hint: string;
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The fields of a request's JSON Schema. */
export function requestFields(schema: unknown): RequestField[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([name, field]) => ({
    name,
    kind: kindOf(field),
    choices: (field.enum ?? []).filter((choice) => typeof choice === "string"),
    isRequired: required.includes(name),
    hint: hintOf(field),
  }));
}

function kindOf({ type, enum: choices }: Schema): RequestField["kind"] {
  if (choices !== undefined) return choices.every((choice) => typeof choice === "string") ? "choice" : "json";
  if (type === "number" || type === "integer" || type === "boolean") return type;
  return type === "string" ? "text" : "json";
}

function hintOf({
  description,
  minimum,
  exclusiveMinimum,
  maximum,
  exclusiveMaximum,
  minLength,
  maxLength,
}: Schema) {
  const lengths =
    minLength !== undefined && minLength === maxLength
      ? [`${String(minLength)} characters`]
      : [
          ...(minLength === undefined ? [] : [`at least ${String(minLength)} characters`]),
          ...(maxLength === undefined ? [] : [`at most ${String(maxLength)} characters`]),
        ];
  // A whole number's schema bounds it by what a double holds exactly, which tells nobody anything.
  const bound = (n: number | undefined, words: string) =>
    n === undefined || Math.abs(n) >= Number.MAX_SAFE_INTEGER ? [] : [`${words} ${String(n)}`];
  return [
    ...(description === undefined ? [] : [description]),
    ...bound(minimum, "at least"),
    ...bound(exclusiveMinimum, "above"),
    ...bound(maximum, "at most"),
    ...bound(exclusiveMaximum, "below"),
    ...lengths,
  ].join(", ");
}

/**
 * What was entered, as the request has it. What can't be a number or JSON goes as the text that it is: the server says what
 * is wrong with it.
 * @param entered by the fields' names; empty ones are left out
 */
export function requestOf(
  fields: readonly RequestField[],
  entered: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  for (const { name, kind } of fields) {
    const text = entered[name] ?? "";
    if (text !== "") request[name] = valueOf(kind, text);
  }
  return request;
}

function valueOf(kind: RequestField["kind"], text: string): unknown {
  if (kind === "text" || kind === "choice") return text;
  if (kind === "boolean") return text === "true";
  try {
    const parsed: unknown = JSON.parse(text);
    return kind === "json" || typeof parsed === "number" ? parsed : text;
  } catch {
    return text;
  }
}
