import { invalidArgument } from "./errors.ts";
import type { IFieldMask } from "./protos.ts";

/**
 * The unary methods of one service by name. Each takes the message of its method, decoded, whatever protocol it
 * came by, and throws PubsubError.
 */
export type Service = Record<string, (request: never) => object | Promise<object>>;

/**
 * A resource with the fields that a mask names taken from an update, at any depth.
 * @param mask paths in snake_case or camelCase
 * @param mutable top-level fields that may change, in camelCase
 * @throws PubsubError INVALID_ARGUMENT
 */
export function withUpdate<T extends object>(
  current: T,
  update: T,
  mask: IFieldMask | null | undefined,
  mutable: readonly (keyof T & string)[],
): T {
  const paths = mask?.paths ?? [];
  if (paths.length === 0)
    throw invalidArgument("The update_mask in the request must name at least one field.");
  return paths.reduce((changed, path) => {
    const keys = path.split(".").map(camelCase);
    if (!mutable.some((field) => field === keys[0])) {
      throw invalidArgument(`Invalid update_mask: ${path} is not a known field that can be updated.`);
    }
    return withPath(changed, update, keys);
  }, current);
}

function withPath<T extends object>(
  current: T,
  update: T | undefined,
  [key = "", ...rest]: readonly string[],
): T {
  const was = (current as Record<string, unknown>)[key] as object | undefined;
  const becomes = (update as Record<string, unknown> | undefined)?.[key] as object | undefined;
  return { ...current, [key]: rest.length > 0 ? withPath(was ?? {}, becomes, rest) : becomes };
}

const camelCase = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Names of resources: `projects/{project}/{collection}/{id}`. @throws PubsubError INVALID_ARGUMENT */
export function checkName(name: string, collection: "topics" | "subscriptions" | "schemas"): string {
  const [projects, project, kind, id, ...rest] = name.split("/");
  const valid = projects === "projects" && project !== "" && kind === collection && rest.length === 0;
  // https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
  if (!valid || !/^[A-Za-z][\w.~+%-]{2,254}$/.test(id ?? "") || id?.startsWith("goog") === true) {
    throw invalidArgument(
      `Invalid resource name given (name=${name}): it must be projects/{project}/${collection}/{id}, ` +
        `where the id has 3 to 255 letters, digits or -_.~+% and starts with a letter, but not with "goog".`,
    );
  }
  return name;
}
