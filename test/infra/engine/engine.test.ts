import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compiledDigest, ENGINE_JAR, sourceDigest } from "../../../infra/engine/build.ts";
import { ensureInstalled } from "../../../infra/local/install/index.ts";

const TESTS = fileURLToPath(new URL("java/dev/freshet/engine", import.meta.url));
const CLASSES = ["EngineOptionsTest", "PubsubReaderTest"];

describe("the committed engine.jar", () => {
  it("is of the present sources (else run `node infra/engine/build.ts`)", () => {
    expect(compiledDigest()).toBe(sourceDigest());
  });
});

const hasCompiler = spawnSync("javac", ["-version"]).status === 0;
const results = hasCompiler ? await runJavaTests() : [];

describe.skipIf(!hasCompiler)(
  "Java tests (skipped where there is no javac: a runtime can't compile them)",
  () => {
    it("ran", () => {
      expect(results.length).toBeGreaterThan(15);
    });

    it.each(results)("%s", (_, failure) => {
      expect(failure).toBeUndefined();
    });
  },
);

/** Compiles the tests against the committed jar, and runs them in one JVM. */
async function runJavaTests(): Promise<[name: string, failure: string | undefined][]> {
  const { engineJars, java } = await ensureInstalled({ what: ["engineJars", "java"] });
  const classes = mkdtempSync(path.join(tmpdir(), "freshet-engine-test-"));
  try {
    const classPath = [classes, ENGINE_JAR, path.join(engineJars, "*")].join(path.delimiter);
    const sources = readdirSync(TESTS).map((file) => path.join(TESTS, file));
    execFileSync("javac", ["-proc:none", "-nowarn", "-classpath", classPath, "-d", classes, ...sources]);
    const output = execFileSync(
      java,
      ["-classpath", classPath, "dev.freshet.engine.TestRunner", ...CLASSES],
      {
        encoding: "utf8",
      },
    );
    return output
      .trim()
      .split("\n")
      .map((line) => {
        const [, name = line, failure] = line.split("\t");
        return [name, failure];
      });
  } finally {
    rmSync(classes, { recursive: true, force: true });
  }
}
