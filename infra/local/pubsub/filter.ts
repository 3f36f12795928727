import { invalidArgument } from "./errors.ts";

/** Whether a message with these attributes belongs to a subscription. */
export type Filter = (attributes: Readonly<Record<string, string>>) => boolean;

const TOKEN = /\s*(?:(?<quoted>"(?:[^"\\]|\\.)*")|(?<symbol>!=|[()=:,.-])|(?<word>[A-Za-z_][\w/-]*))/y;
const MAX_CHARACTERS = 256;

/**
 * Compiles a subscription's filter: `attributes:k`, `attributes.k = "v"`, `attributes.k != "v"` (true without `k`
 * too), `hasPrefix(attributes.k, "p")`, `NOT` or `-`, `AND`, `OR` and parentheses. AND and OR must not stand side
 * by side without parentheses.
 * @see https://cloud.google.com/pubsub/docs/subscription-message-filter
 * @throws PubsubError INVALID_ARGUMENT
 */
export function compileFilter(text: string): Filter {
  if (text.trim() === "") return () => true;
  if (text.length > MAX_CHARACTERS)
    throw invalidArgument(`A filter has at most ${MAX_CHARACTERS} characters.`);
  return new FilterParser(text).parse();
}

/** By recursive descent: expression = term {AND term} | term {OR term}; term = [NOT] (group | comparison). */
class FilterParser {
  readonly #text: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  parse(): Filter {
    const filter = this.#expression();
    if (this.#at < this.#tokens.length) this.#fail();
    return filter;
  }

  #expression(): Filter {
    const terms = [this.#term()];
    const operator = this.#tokens[this.#at];
    if (operator !== "AND" && operator !== "OR") return terms[0] as Filter;
    while (this.#accept(operator)) terms.push(this.#term());
    return operator === "AND"
      ? (attributes) => terms.every((term) => term(attributes))
      : (attributes) => terms.some((term) => term(attributes));
  }

  #term(): Filter {
    if (this.#accept("NOT") || this.#accept("-")) {
      const negated = this.#term();
      return (attributes) => !negated(attributes);
    }
    if (this.#accept("(")) {
      const group = this.#expression();
      this.#expect(")");
      return group;
    }
    return this.#accept("hasPrefix") ? this.#prefix() : this.#comparison();
  }

  #prefix(): Filter {
    this.#expect("(");
    this.#expect("attributes");
    this.#expect(".");
    const key = this.#key();
    this.#expect(",");
    const prefix = this.#string();
    this.#expect(")");
    return (attributes) => attributes[key]?.startsWith(prefix) ?? false;
  }

  #comparison(): Filter {
    this.#expect("attributes");
    if (this.#accept(":")) {
      const key = this.#key();
      return (attributes) => Object.hasOwn(attributes, key);
    }
    this.#expect(".");
    const key = this.#key();
    const equal = this.#accept("=");
    if (!equal) this.#expect("!=");
    const value = this.#string();
    return (attributes) => (attributes[key] === value) === equal;
  }

  #key(): string {
    const token = this.#tokens[this.#at] ?? "";
    if (token.startsWith('"')) return this.#string();
    if (!/^\w/.test(token)) this.#fail();
    this.#at++;
    return token;
  }

  #string(): string {
    const token = this.#tokens[this.#at] ?? "";
    if (!token.startsWith('"')) this.#fail();
    this.#at++;
    return token.slice(1, -1).replace(/\\(.)/g, "$1");
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) this.#fail();
  }

  #fail(): never {
    const found = this.#tokens[this.#at] ?? "the end";
    throw invalidArgument(`The filter ${JSON.stringify(this.#text)} is not valid at ${found}.`);
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (TOKEN.lastIndex < trimmed.length) {
    const from = TOKEN.lastIndex;
    const groups = TOKEN.exec(trimmed)?.groups;
    const token = groups?.["quoted"] ?? groups?.["symbol"] ?? groups?.["word"];
    if (token === undefined)
      throw invalidArgument(`The filter ${JSON.stringify(text)} is not valid at ${from}.`);
    tokens.push(token);
  }
  return tokens;
}
