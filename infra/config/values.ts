import { parseDuration } from "../../pipeline/core/duration.ts";

/*
 * Readers of single values. A value that is none of theirs gives a `Wrong` with what would be right: the caller
 * collects them, so that all mistakes of a configuration are told at once.
 */

/** What is wrong with a value, as the end of a sentence that names it. */
export class Wrong {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** Reads a text; never throws. */
export type Reader<T> = (text: string) => T | Wrong;

/** A text of a given form. */
export function matching(form: RegExp, problem: string): Reader<string> {
  return (text) => (form.test(text) ? text : new Wrong(problem));
}

/** @see https://cloud.google.com/resource-manager/docs/creating-managing-projects */
export const projectId = matching(
  /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
  "a project's id (not its name or number) has 6 to 30 small letters, digits and dashes",
);

/** A region's name. */
export const region = matching(
  /^[a-z]+-[a-z]+\d{1,2}$/,
  "a region has a name like europe-west1 (a zone has a letter more)",
);

/** The prefix of what a stack creates: short enough for a service account, long enough for a Bigtable instance. */
export const stackName = matching(
  /^[a-z][a-z0-9-]{4,18}[a-z0-9]$/,
  "a name has 6 to 20 small letters, digits and dashes",
);

/** An image by its digest: a tag may be moved, and then workers of one job run different code. */
export const imageByDigest = matching(
  /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/,
  "an image is named by its digest, HOST/PATH@sha256:…, as `docker push` prints it",
);

/** A Compute Engine machine type. */
export const machineType = matching(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)+$/,
  "a machine type has a name like n2d-standard-2",
);

/** A subnetwork of any project, by its path. */
export const subnetworkPath = matching(
  /^projects\/[a-z0-9-]+\/regions\/[a-z0-9-]+\/subnetworks\/[a-z0-9-]+$/,
  "a subnetwork is written projects/PROJECT/regions/REGION/subnetworks/NAME",
);

/** A private IPv4 range with room for workers. */
export const addressRange = matching(
  /^(10\.\d{1,3}|172\.(1[6-9]|2\d|3[01])|192\.168)(\.\d{1,3}){2}\/(1[6-9]|2[0-8])$/,
  "a range is private and of /16 to /28, like 10.64.0.0/24",
);

/** Where BigQuery keeps a data set. */
export const bigqueryLocation = matching(
  /^(EU|US|[a-z]+-[a-z]+\d{1,2})$/,
  "a location is a region like europe-west1, or EU or US",
);

/** An e-mail address. */
export const email = matching(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, "an e-mail address has an @ and a domain");

/** `true` or `false`. */
export const flag: Reader<boolean> = (text) =>
  text === "true" || text === "false" ? text === "true" : new Wrong("it is true or false");

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (text) => words.find((word) => word === text) ?? new Wrong(`it is one of ${words.join(", ")}`);
}

/** A version of a secret: pinned, since a server that restarts must not find other keys than its neighbours. */
export interface SecretVersion {
  readonly project: string;
  readonly secret: string;
  readonly version: string;
}

/** A secret's version by its whole name. */
export const secretVersion: Reader<SecretVersion> = (text) => {
  const [, project, secret, version] =
    /^projects\/([a-z0-9-]+)\/secrets\/([\w-]{1,255})\/versions\/([1-9]\d*)$/.exec(text) ?? [];
  return project !== undefined && secret !== undefined && version !== undefined
    ? { project, secret, version }
    : new Wrong("a secret's version is written projects/PROJECT/secrets/NAME/versions/NUMBER");
};

/** Names of people, groups and service accounts, separated by commas; nobody means everybody here. */
export const members: Reader<readonly string[]> = (text) => {
  const names = text.split(",").map((name) => name.trim());
  return names.every((name) => /^(user|group|serviceAccount|domain|principal|principalSet):\S+$/.test(name))
    ? names
    : new Wrong(
        "members are written like serviceAccount:NAME@PROJECT.iam.gserviceaccount.com or group:…; allUsers is none",
      );
};

/** A part of a whole, both ends included. */
export const fraction: Reader<number> = (text) =>
  /^(0|1|0?\.\d+|[01]\.\d+)$/.test(text) && Number(text) <= 1
    ? Number(text)
    : new Wrong("it is a number from 0 to 1");

/** A whole number of a range, both ends included. */
export function wholeNumber(from: number, to: number): Reader<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= from && value <= to ? value : new Wrong(`it is a whole number from ${from} to ${to}`);
  };
}

/** A duration in ms, of a range written as durations, both ends included. */
export function duration(from: string, to: string): Reader<number> {
  return (text) => {
    const value = milliseconds(text);
    return value !== undefined && value >= parseDuration(from) && value <= parseDuration(to)
      ? value
      : new Wrong(`it is a duration from ${from} to ${to}, written like 12h or 7d`);
  };
}

/** What `reader` reads, or `undefined` for the text `off`. */
export function orOff<T>(reader: Reader<T>): Reader<T | undefined> {
  return (text) => {
    if (text === "off") return undefined;
    const value = reader(text);
    return value instanceof Wrong ? new Wrong(`${value.problem}, or off`) : value;
  };
}

/** Names of zones, separated by commas, each once. */
export const zones: Reader<readonly string[]> = (text) => {
  const names = text.split(",").map((name) => name.trim());
  const valid = names.every((name) => /^[a-z]+-[a-z]+\d{1,2}-[a-z]$/.test(name));
  return valid && new Set(names).size === names.length
    ? names
    : new Wrong("zones have names like europe-west1-b; several are separated by commas, each once");
};

function milliseconds(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}
