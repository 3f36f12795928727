import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npmCi } from "./npm.mjs";

/**
 * @typedef {{ packages: Record<string, { version?: string, optional?: boolean }> }} Lock
 */

/**
 * Makes node_modules what package-lock.json says. A stamp in it, the lock's digest, makes the usual case a matter of
 * milliseconds.
 *
 * @param {string} checkout
 */
export function ensurePackages(checkout) {
  const lock = readFileSync(path.join(checkout, "package-lock.json"));
  const stamp = path.join(checkout, "node_modules", ".freshet-lock");
  const digest = createHash("sha256").update(lock).digest("hex");
  if (textOf(stamp) === digest) return;
  if (!isInstalled(JSON.parse(lock.toString()), checkout)) npmCi(checkout, "the project's packages");
  writeFileSync(stamp, digest);
}

/**
 * Whether npm installed all of a lock already (somebody ran npm by hand): npm writes down what it has installed in a
 * lock of the same form. Optional packages of other platforms are not in it.
 *
 * @param {Lock} lock
 * @param {string} checkout
 */
function isInstalled(lock, checkout) {
  const text = textOf(path.join(checkout, "node_modules", ".package-lock.json"));
  if (text === undefined) return false;
  /** @type {Lock} */
  const installed = JSON.parse(text);
  return Object.entries(lock.packages).every(([where, wanted]) => {
    if (where === "") return true;
    const found = installed.packages[where];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

/** @param {string} file */
function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
