import { checkName } from "./checks.ts";
import type { FeatureView } from "./feature-view.ts";

/** A view whose features have a prefix in a service's vector. */
export interface PrefixedView<
  N extends string = string,
  Key extends string = string,
  Row = unknown,
> extends FeatureView<N, Key, Row> {
  readonly prefix: string;
}

/** A row's type with the prefix before each feature; the entity's key keeps its name. */
export type PrefixedRow<Prefix extends string, Key extends string, Row> = {
  readonly [C in keyof Row & string as C extends Key ? C : `${Prefix}_${C}`]: Row[C];
};

const MAX_PREFIX_LENGTH = 24;

/**
 * A view for a service in which another view has features of the same names.
 *
 *     views: [userPurchases, prefixed("item", itemActivity)]   // purchase_count_1h, item_purchase_count_1h
 *
 * @param prefix snake_case; `_` follows it
 * @throws DefinitionError `bad_name`
 */
export function prefixed<const Prefix extends string, N extends string, Key extends string, Row>(
  prefix: Prefix,
  view: FeatureView<N, Key, Row>,
): PrefixedView<N, Key, PrefixedRow<Prefix, Key, Row>> {
  checkName({ kind: "feature service", name: view.name, field: "prefix" }, prefix, MAX_PREFIX_LENGTH);
  // A row is a type only: nothing reads `$row`.
  return { ...view, prefix } as unknown as PrefixedView<N, Key, PrefixedRow<Prefix, Key, Row>>;
}

/** What a view's column is called in a service's vector. */
export function servedName(view: FeatureView & { readonly prefix?: string }, column: string): string {
  return view.prefix === undefined ? column : `${view.prefix}_${column}`;
}
