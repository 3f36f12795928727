import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { describeFindings, doctor, type Finding } from "../../../infra/local/doctor.ts";
import { engineJarsFolder } from "../../../infra/local/install/engine-jars.ts";
import { httpServer } from "../../support/http-server.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Findings on a machine whose environment is this and nothing else, by what was looked at. */
async function examine(env: Record<string, string>): Promise<Record<string, Finding>> {
  const HOME = tempFolder();
  const findings = await doctor({ env: { HOME, FRESHET_LOCAL: tempFolder(), ...env } });
  return Object.fromEntries(findings.map((finding) => [finding.check, finding]));
}

describe("doctor", () => {
  it("finds on an empty machine that Python is missing, and says how to get it", async () => {
    const FRESHET_MAVEN_REPOSITORY = await httpServer((_, response) => response.writeHead(200).end());
    const found = await examine({ PATH: "/nowhere", FRESHET_MAVEN_REPOSITORY });
    expect(found["Python"]).toMatchObject({
      status: "error",
      advice: expect.stringContaining("apt-get install python3") as string,
    });
    expect(found["Java"]).toMatchObject({ status: "ok" });
    expect(found["engine libraries"]).toMatchObject({ status: "warning", found: "not installed yet" });
    expect(found["Maven repository"]).toMatchObject({ status: "ok" });
    expect(found["Pub/Sub"]).toMatchObject({ found: "this project's endpoint" });
    expect(found["stack"]).toMatchObject({ found: "none runs" });
  });

  it("says who chose a repository that doesn't answer", async () => {
    const FRESHET_MAVEN_REPOSITORY = await httpServer((_, response) => response.writeHead(403).end());
    const { "Maven repository": finding } = await examine({ PATH: "/nowhere", FRESHET_MAVEN_REPOSITORY });
    expect(finding).toMatchObject({ status: "warning" });
    expect(finding?.found).toMatch(/by FRESHET_MAVEN_REPOSITORY\) answers HTTP 403$/);
  });

  it("notices jars that are no longer what is locked", async () => {
    const FRESHET_LOCAL = tempFolder();
    const folder = engineJarsFolder(path.join(FRESHET_LOCAL, "cache"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "installed.json"), "{}");
    const { checksums } = await examine({ PATH: "/nowhere", FRESHET_LOCAL });
    expect(checksums).toMatchObject({
      status: "error",
      found: expect.stringContaining("beam-sdks-java-core") as string,
    });
  });
});

it("describeFindings aligns findings, with advice below", () => {
  const lines = describeFindings([
    { check: "Java", status: "ok", found: "17" },
    { check: "Python", status: "error", found: "none", advice: "Install it." },
  ]);
  expect(lines).toEqual(["✓ Java    17", "✗ Python  none", "          → Install it."]);
});
