#!/usr/bin/env node
/**
 * The way into this checkout: brings the packages and the Node that the project needs, then runs it. Plain
 * JavaScript without dependencies, since it runs before they are there, on any Node from 20 on.
 *
 *     bootstrap.mjs [ARGUMENT ...]               the command line of Freshet
 *     bootstrap.mjs --exec TOOL [ARGUMENT ...]   a tool of node_modules/.bin
 *     bootstrap.mjs --script FILE [ARGUMENT ...] a script
 */

import { execFile, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ensurePackages } from "./bootstrap/packages.mjs";
import { ensureNode } from "./bootstrap/node.mjs";

const CHECKOUT = realpathSync(fileURLToPath(new URL("../..", import.meta.url)));
const LOCAL = path.resolve(process.env.FRESHET_LOCAL || path.join(CHECKOUT, ".local"));
const BIN = path.join(CHECKOUT, "node_modules", ".bin");
const LOOPBACK = ["127.0.0.1", "localhost"];
const SHELLS = new Set(["sh", "dash", "bash", "zsh"]);
const MISUSED = 2;
/** @type {NodeJS.Signals[]} */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * What to run, as Node's arguments.
 *
 * @param {string[]} given
 */
function commandLine(given) {
  const [option, name, ...rest] = given;
  switch (option) {
    case "--exec":
      return [toolOf(required(option, name)), ...rest];
    case "--script":
      return [path.resolve(required(option, name)), ...rest];
    default:
      return [path.join(CHECKOUT, "pipeline", "main.ts"), ...given];
  }
}

/** @param {string} name */
function toolOf(name) {
  const link = path.join(BIN, name);
  if (existsSync(link)) return realpathSync(link);
  throw new Error(`there is no tool "${name}" in node_modules/.bin.`);
}

/**
 * @param {string} option
 * @param {string | undefined} name
 */
function required(option, name) {
  if (name !== undefined) return name;
  console.error(`freshet: ${option} needs a name after it.`);
  process.exit(MISUSED);
}

/**
 * The program's environment: its Node and tools first on PATH; and where there is a proxy, Node uses it, but never
 * for the local stack.
 *
 * @param {string} node
 */
function environment(node) {
  const { env } = process;
  const proxied = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"].some((name) => env[name]);
  const direct = [env.no_proxy || env.NO_PROXY, ...LOOPBACK].filter(Boolean).join(",");
  return {
    ...env,
    PATH: [path.dirname(node), BIN, env.PATH].filter(Boolean).join(path.delimiter),
    ...(proxied && { NODE_USE_ENV_PROXY: "1", no_proxy: direct, NO_PROXY: direct }),
  };
}

/**
 * Runs Node with the caller's terminal, signals and exit code.
 *
 * @param {string} node
 * @param {string[]} args
 */
function run(node, args) {
  const watch = pathToFileURL(path.join(CHECKOUT, "infra", "local", "parent-watch.mjs")).href;
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", "--import", watch, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: environment(node),
  });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the program by itself; twice would be impatient
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  watchNpm(() => child.kill("SIGTERM"));
  child.on("error", (error) => fail(error));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * npm doesn't tell its script when it is killed, and puts a shell between: looks for the one that is npm, and whether it
 * is alive.
 *
 * @param {() => void} onGone
 */
function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  let npm = process.ppid;
  execFile("ps", ["-o", "ppid=,comm=", "-p", String(npm)], (_, output) => {
    const [, parent, command = ""] = /(\d+)\s+(\S+)/.exec(output) ?? [];
    if (parent !== undefined && SHELLS.has(path.basename(command))) npm = Number(parent);
  });
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    onGone();
  }, 500);
  timer.unref();
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** @param {unknown} error */
function fail(error) {
  console.error(`freshet: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

try {
  ensurePackages(CHECKOUT);
  run(ensureNode(LOCAL), commandLine(process.argv.slice(2)));
} catch (error) {
  fail(error);
}
