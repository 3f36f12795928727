import type { ServiceJson, ViewJson } from "../contract.ts";

/** A version's name, as addresses and the server's paths have it: `fraud@1`. */
export function versioned({ name, version }: Pick<ViewJson | ServiceJson, "name" | "version">): string {
  return `${name}@${String(version)}`;
}

/** The version that a text names, or the newest where it names none. */
export function named<T extends Pick<ViewJson, "name" | "version">>(
  all: readonly T[],
  text: string,
): T | undefined {
  const [name, version] = text.split("@", 2);
  return all
    .filter((each) => each.name === name && (version === undefined || each.version === Number(version)))
    .sort((a, b) => b.version - a.version)[0];
}

/** The services that serve columns of a view. */
export function usersOf(view: ViewJson, services: readonly ServiceJson[]): readonly ServiceJson[] {
  return services.filter(({ columns }) =>
    columns.some((column) => column.view === view.name && column.view_version === view.version),
  );
}
