import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { InstallError } from "./errors.ts";
import { parseMavenSettings, type Environment, type MavenSettings } from "./maven-settings.ts";

/** Where Java libraries come from. */
export interface MavenRepository {
  /** Without a slash at its end. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Who chose it, for messages: an option, a variable, a file. */
  readonly chosenBy: string;
  /** Maven's own cache on this machine, which is looked at first; it may not exist. */
  readonly localRepository: string;
}

/**
 * The repository to fetch from: the option, else `FRESHET_MAVEN_REPOSITORY`, else the mirror in
 * `~/.m2/settings.xml`, else the one that Apache Beam itself uses.
 * @throws InstallError `bad_maven_repository` where the choice isn't a URL
 */
export function mavenRepository(env: Environment, option?: string): MavenRepository {
  const m2 = path.join(env["HOME"] ?? os.homedir(), ".m2");
  const settingsFile = path.join(m2, "settings.xml");
  const settings = readSettings(settingsFile, env);
  const variable = env["FRESHET_MAVEN_REPOSITORY"];

  const choice =
    option !== undefined
      ? { url: option, chosenBy: "--maven-repository" }
      : variable !== undefined && variable !== ""
        ? { url: variable, chosenBy: "FRESHET_MAVEN_REPOSITORY" }
        : settings.mirror !== undefined
          ? { url: settings.mirror.url, chosenBy: settingsFile, credentials: settings.credentials }
          : { url: beamRepository(), chosenBy: "Apache Beam's default" };

  if (!URL.canParse(choice.url) || !/^https?:/.test(choice.url)) {
    throw new InstallError(
      "bad_maven_repository",
      `The Maven repository "${choice.url}" (from ${choice.chosenBy}) is not an http or https URL.`,
    );
  }
  const credentials = "credentials" in choice ? choice.credentials : undefined;
  return {
    url: choice.url.replace(/\/+$/, ""),
    headers: credentials === undefined ? {} : { authorization: basic(credentials) },
    chosenBy: choice.chosenBy,
    localRepository: settings.localRepository ?? path.join(m2, "repository"),
  };
}

function basic({ username, password }: NonNullable<MavenSettings["credentials"]>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function readSettings(file: string, env: Environment): MavenSettings {
  try {
    return parseMavenSettings(readFileSync(file, "utf8"), env);
  } catch {
    return {}; // most machines have none
  }
}

/** The repository that the apache-beam package downloads from. Read here rather than written here, so that it has one place. */
function beamRepository(): string {
  const { JavaJarService } = createRequire(import.meta.url)("apache-beam/utils/service") as {
    JavaJarService: { APACHE_REPOSITORY: string };
  };
  return JavaJarService.APACHE_REPOSITORY;
}
