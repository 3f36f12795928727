import { checkName } from "./checks.ts";

/** What features are about: one key, one table in the online store. */
export interface EntityDefinition<Key extends string = string> {
  readonly name: string;
  /** The field of an event that holds the key, and the column of every row. */
  readonly key: Key;
}

/** A Bigtable table's name has at most 50 characters, some of them ours. */
const MAX_NAME_LENGTH = 40;
/** BigQuery allows 300; nobody wants to type them. */
const MAX_KEY_LENGTH = 64;

/**
 * Defines an entity.
 *
 *     defineEntity({ name: "user", key: "user_id" })
 *
 * @throws DefinitionError `bad_name`
 */
export function defineEntity<const Key extends string>(options: {
  readonly name: string;
  readonly key: Key;
}): EntityDefinition<Key> {
  const { name, key } = options;
  checkName({ kind: "entity", name, field: "name" }, name, MAX_NAME_LENGTH);
  checkName({ kind: "entity", name, field: "key" }, key, MAX_KEY_LENGTH);
  return { name, key };
}
