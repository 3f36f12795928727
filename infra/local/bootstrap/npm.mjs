import { spawnSync } from "node:child_process";

/**
 * Installs exactly what a folder's package-lock.json says; npm's own configuration (registry, proxy) is honoured.
 * Scripts of packages don't run: none of ours needs one, and some would download from elsewhere.
 *
 * @param {string} folder
 * @param {string} what for messages
 */
export function npmCi(folder, what) {
  console.error(`freshet: installing ${what} (once) …`);
  const startedAt = Date.now();
  const options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { command, args } = npmCommand(options);
  // npm would take settings of the script that it is running us for as meant for this folder
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)_/.test(name)),
  );
  const result = spawnSync(command, args, { cwd: folder, env, stdio: ["ignore", 2, 2] });
  if (result.error !== undefined) {
    throw new Error(
      `npm can't be run (${result.error.message}): install Node.js with npm, or put npm on PATH.`,
    );
  }
  if (result.status !== 0) {
    throw new Error(
      `npm could not install ${what}; what it says is above. Is its registry reachable (npm ping)?`,
    );
  }
  console.error(`freshet: installed ${what} in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

/**
 * The npm that runs us, if one does; else the one on PATH.
 *
 * @param {string[]} args
 */
function npmCommand(args) {
  const running = process.env.npm_execpath;
  return running?.endsWith("npm-cli.js")
    ? { command: process.execPath, args: [running, ...args] }
    : { command: "npm", args };
}
