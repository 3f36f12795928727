import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { goVersion } from "../../../../infra/local/install/go.ts";
import { findPulumi, pulumiEnvironment, pulumiFolder } from "../../../../infra/local/install/pulumi.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** A folder with a program that prints one line. */
function folderWith(name: string, line: string): string {
  const folder = tempFolder();
  writeFileSync(path.join(folder, name), `#!/bin/sh\necho '${line}'\n`, { mode: 0o755 });
  return folder;
}

describe("findPulumi", () => {
  it("takes the one on PATH", async () => {
    const folder = folderWith("pulumi", "v3.274.1");
    expect(await findPulumi({ PATH: folder }, tempFolder())).toEqual({
      executable: path.join(folder, "pulumi"),
      version: "v3.274.1",
    });
  });

  it.each(["v3.100.0", "v2.25.2", "pulumi?"])(
    "leaves one that says %s, and takes the one built before",
    async (line) => {
      const env = { PATH: folderWith("pulumi", line) };
      const cacheDir = tempFolder();
      expect(await findPulumi(env, cacheDir)).toBeUndefined();

      const built = pulumiFolder(cacheDir);
      mkdirSync(built);
      writeFileSync(path.join(built, "installed.json"), '{"version":"v3.274.1"}');
      expect(await findPulumi(env, cacheDir)).toEqual({
        executable: path.join(built, "bin", "pulumi"),
        version: "v3.274.1",
      });
    },
  );
});

describe("pulumiEnvironment", () => {
  const cli = { executable: "/opt/pulumi/bin/pulumi", version: "v3.274.1" };
  const folders = (PATH: string) => (pulumiEnvironment(cli, { PATH })["PATH"] ?? "").split(path.delimiter);

  it("puts this Node first, and the CLI beside the user's own programs", () => {
    expect(folders("/usr/bin").slice(0, 3)).toEqual([
      path.dirname(process.execPath),
      "/opt/pulumi/bin",
      "/usr/bin",
    ]);
  });

  it("adds the project's language host only where there is none", () => {
    const [own = ""] = folders("/usr/bin").slice(3);
    expect(readFileSync(path.join(own, "pulumi-language-nodejs"), "utf8")).toContain("language-host.ts");
    const official = folderWith("pulumi-language-nodejs", "");
    expect(folders(official)).toHaveLength(3);
  });
});

describe("goVersion", () => {
  it.each([
    ["go version go1.26.8 linux/amd64", 26],
    ["go version go1.21 darwin/arm64", 21],
    ["command not found", undefined],
    [undefined, undefined],
  ])("%j is %s", (output, expected) => {
    expect(goVersion(output)).toBe(expected);
  });
});
