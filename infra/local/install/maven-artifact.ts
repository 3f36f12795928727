import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { InstallError } from "./errors.ts";

/** A file of a Maven repository, pinned. */
export interface MavenArtifact {
  /** `group:artifact:version`, or `group:artifact:version:classifier`. */
  readonly coordinates: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** `a.b:c:1` → `c-1.jar`. */
export function fileName({ coordinates }: MavenArtifact): string {
  const [, artifact, version, classifier] = coordinates.split(":");
  return [artifact, version, ...(classifier === undefined ? [] : [classifier])].join("-") + ".jar";
}

/** Path below the root of any repository in Maven's layout: `a.b:c:1` → `a/b/c/1/c-1.jar`. */
export function repositoryPath(artifact: MavenArtifact): string {
  const [group = "", name = "", version = ""] = artifact.coordinates.split(":");
  return [...group.split("."), name, version, fileName(artifact)].join("/");
}

function isArtifact(value: unknown): value is MavenArtifact {
  if (typeof value !== "object" || value === null) return false;
  const { coordinates, sha256, bytes } = value as Partial<Record<keyof MavenArtifact, unknown>>;
  return (
    typeof coordinates === "string" &&
    /^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.-]+)?$/.test(coordinates) &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Number.isSafeInteger(bytes)
  );
}

/**
 * Reads a lock file: `{"artifacts": [{coordinates, sha256, bytes}, …]}`.
 * @throws InstallError `bad_lock`
 */
export function readLock(file: URL | string): MavenArtifact[] {
  const lock = JSON.parse(readFileSync(file, "utf8")) as { artifacts?: unknown };
  if (!Array.isArray(lock.artifacts)) throw new InstallError("bad_lock", `${String(file)} has no artifacts.`);
  return lock.artifacts.map((entry: unknown) => {
    if (isArtifact(entry)) return entry;
    throw new InstallError(
      "bad_lock",
      `${String(file)} has an entry without coordinates, sha256 and bytes: ${JSON.stringify(entry)}.`,
    );
  });
}

/** Names what a list of pinned things is made of, in 12 hexadecimal digits: another list, another name. */
export function contentKey(...parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex").slice(0, 12);
}
