import type {
  CheckResult,
  CreateResult,
  DiffResult,
  InvokeResult,
  ReadResult,
  UpdateResult,
} from "@pulumi/pulumi/provider/index.js";
import { UnknownTypeError } from "../schema/declarations.ts";
import { deriveSchema } from "../schema/derive.ts";
import type { ResourceSchema } from "../schema/shape.ts";
import { checkInputs } from "./check.ts";
import { type Call, Cloud } from "./cloud.ts";
import { diffInputs } from "./diff.ts";
import { idOf, lookUp, outputsOf } from "./outputs.ts";
import { type Properties, unwrapped } from "./wire.ts";

/** What the name of a resource ends in that was given none: the real provider would make one up at random. */
export const AUTONAMED = "-autonamed";

/** Options of {@link FakeGcp}. */
export interface FakeGcpOptions {
  /** Where its cloud is. */
  readonly folder: string;
  /** A resource's name in the program: creating it fails, as by a quota. */
  readonly failing?: string | undefined;
}

/**
 * Takes the place of the provider `gcp` under the real engine: checks and compares inputs by the declarations of
 * @pulumi/gcp, and keeps what it creates in a folder. It doesn't know what Google asks for beyond them: ranges, quotas,
 * permissions.
 */
export class FakeGcp {
  readonly #cloud: Cloud;
  readonly #failing: string | undefined;
  readonly #schemas = new Map<string, ResourceSchema>();

  constructor({ folder, failing }: FakeGcpOptions) {
    this.#cloud = new Cloud(folder);
    this.#failing = failing;
  }

  check(urn: string, _: Properties, news: Properties): CheckResult {
    const { type, name } = partsOf(urn);
    try {
      const schema = this.#schemaOf(type);
      const isNameless = schema.inputs["name"] !== undefined && news["name"] === undefined;
      const inputs = isNameless ? { ...news, name: name + AUTONAMED } : news;
      return { inputs, failures: checkInputs(schema.inputs, inputs) };
    } catch (error) {
      if (!(error instanceof UnknownTypeError)) throw error;
      return { inputs: news, failures: [{ property: "", reason: error.message }] };
    }
  }

  diff(id: string, urn: string, olds: Properties, news: Properties): DiffResult {
    const schema = this.#schemaOf(partsOf(urn).type);
    const { changed, replaces } = diffInputs(schema, olds, news);
    // two of one id can't be there at once
    const deleteBeforeReplace = idOf(schema, news) === id;
    return { changes: changed.length > 0, replaces: [...replaces], deleteBeforeReplace };
  }

  create(urn: string, inputs: Properties): CreateResult {
    const { type, name } = partsOf(urn);
    if (name === this.#failing) throw new Error(`Error 429: quota exceeded while creating ${name}`);
    const schema = this.#schemaOf(type);
    const id = idOf(schema, inputs);
    const outs = outputsOf(schema, id, inputs);
    this.#cloud.create({ op: "create", type, name, id }, outs);
    return { id, outs };
  }

  update(id: string, urn: string, olds: Properties, news: Properties): UpdateResult {
    const { type, name } = partsOf(urn);
    const { outputs } = this.#schemaOf(type);
    const kept = Object.fromEntries(outputs.map((output) => [output, olds[output]]));
    const outs = { ...kept, ...news };
    this.#cloud.update({ op: "update", type, name, id }, outs);
    return { outs };
  }

  delete(id: string, urn: string, state: Properties): void {
    const { type, name } = partsOf(urn);
    const guard = guardOf(this.#schemaOf(type), state);
    if (guard !== undefined) throw new Error(`cannot destroy ${name} without setting ${guard}`);
    this.#cloud.delete({ op: "delete", type, name, id });
  }

  read(id: string, urn: string): ReadResult {
    return { id, props: this.#cloud.read({ type: partsOf(urn).type, id }) };
  }

  invoke(token: string, inputs: Properties): InvokeResult {
    return { outputs: lookUp(token, inputs) };
  }

  // the declarations are read where a type is first seen: most runs see few
  #schemaOf(type: string): ResourceSchema {
    const schema = this.#schemas.get(type) ?? deriveSchema(type);
    this.#schemas.set(type, schema);
    return schema;
  }
}

/** `urn:pulumi:dev::freshet::freshet:Topics$gcp:pubsub/topic:Topic::events` → type and name. */
function partsOf(urn: string): Pick<Call, "type" | "name"> {
  const [, , types = "", name = ""] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name };
}

/** The setting that would let a resource be deleted; undefined where it may be. */
function guardOf({ guards }: ResourceSchema, state: Properties): string | undefined {
  const unset = guards.find((guard) => unwrapped(state[guard]) !== false);
  if (unset !== undefined) return `${unset} = false`;
  if (unwrapped(state["deletionProtection"]) === "PROTECTED") return "deletionProtection = UNPROTECTED";
  return unwrapped(state["deletionPolicy"]) === "PREVENT" ? "deletionPolicy = DELETE" : undefined;
}
