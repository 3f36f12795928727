import { chmod, rm } from "node:fs/promises";
import path from "node:path";
import type { InstallContext } from "./context.ts";
import { InstallError } from "./errors.ts";
import { installOnce } from "./install-once.ts";
import { fetchArtifacts } from "./maven.ts";
import { fileName, type MavenArtifact } from "./maven-artifact.ts";
import { mavenRepository } from "./maven-repository.ts";
import { findPython } from "./python.ts";
import { runTool } from "./run-tool.ts";

const PART = "Bigtable emulator";
const BINARY = "cbtemulator";

/** Google's emulator, a Go program; the jar holds a binary for each platform. */
export const BIGTABLE_EMULATOR: MavenArtifact = {
  coordinates: "com.google.cloud:google-cloud-bigtable-emulator:0.220.0",
  sha256: "e8c39d6e2f1c1f577070088e1adfdaa5aa9db55e9682e6dd43fdf60451fe780d",
  bytes: 62_087_451,
};

/** The jar's name for each platform of Node. */
const PLATFORMS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x86_64",
  "linux-arm64": "linux-arm",
  "darwin-x64": "darwin-x86_64",
  "darwin-arm64": "darwin-arm",
};

/** Copies one entry of a zip file (jar, entry, target): Node has no reader for zip, Python has. */
const EXTRACT =
  "import shutil,sys,zipfile; shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), open(sys.argv[3],'wb'))";

/** Where the emulator is, once it is installed. */
export function bigtableFolder(cacheDir: string): string {
  return path.join(cacheDir, `bigtable-${BIGTABLE_EMULATOR.sha256.slice(0, 12)}`);
}

/**
 * Fetches the emulator and keeps this platform's binary of it.
 * @returns path of the binary
 * @throws InstallError
 */
export async function ensureBigtableEmulator(context: InstallContext): Promise<string> {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (platform === undefined) {
    throw new InstallError(
      "unsupported_platform",
      `There is no Bigtable emulator for ${process.platform} on ${process.arch}.`,
    );
  }
  const folder = bigtableFolder(context.cacheDir);
  await installOnce(folder, async (staging) => {
    const bytesTotal = BIGTABLE_EMULATOR.bytes;
    const report = (bytesDone: number): void =>
      context.onProgress({ part: PART, bytesDone, bytesTotal, state: "running" });
    report(0);
    const repository = mavenRepository(context.env, context.mavenRepository);
    await fetchArtifacts([BIGTABLE_EMULATOR], repository, staging, report);

    const jar = path.join(staging, fileName(BIGTABLE_EMULATOR));
    const entry = `gcloud/bigtable-${platform}/platform/bigtable-emulator/${BINARY}`;
    await extract(jar, entry, path.join(staging, BINARY), context);
    await rm(jar);
    context.onProgress({ part: PART, state: "done" });
    return {};
  });
  return path.join(folder, BINARY);
}

async function extract(jar: string, entry: string, to: string, context: InstallContext): Promise<void> {
  const { executable } = await findPython(context.env);
  const { exitCode, tail } = await runTool(
    executable,
    ["-c", EXTRACT, jar, entry, to],
    context.env,
    () => undefined,
  );
  if (exitCode !== 0) {
    throw new InstallError(
      "unsupported_platform",
      `${entry} could not be taken out of ${jar}: ${tail.at(-1) ?? ""}`,
    );
  }
  await chmod(to, 0o755);
}
