import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { installOnce } from "../../../../infra/local/install/install-once.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

/** A process id that no process has: Linux's are below 2^22, macOS's below 100,000. */
const NOBODY = 2 ** 22 + 1;

describe("installOnce", () => {
  it("builds once, for callers at the same time too", async () => {
    const folder = path.join(tempFolder(), "part-1");
    let builds = 0;
    const build = (staging: string): Promise<{ builds: number }> => {
      builds++;
      writeFileSync(path.join(staging, "file"), "x");
      return Promise.resolve({ builds });
    };
    const records = await Promise.all([installOnce(folder, build), installOnce(folder, build)]);
    expect(records).toEqual([{ builds: 1 }, { builds: 1 }]);
    expect(await installOnce(folder, build)).toEqual({ builds: 1 });
    expect(readdirSync(folder).sort()).toEqual(["file", "installed.json"]);
    expect(readdirSync(path.dirname(folder))).toEqual(["part-1"]);
  });

  it("lets nothing appear under the name when the build fails, and continues it the next time", async () => {
    const folder = path.join(tempFolder(), "part-1");
    const failing = installOnce(folder, (staging) => {
      writeFileSync(path.join(staging, "half"), "x");
      return Promise.reject(new Error("no network"));
    });
    await expect(failing).rejects.toThrow("no network");
    expect(existsSync(folder)).toBe(false);
    await installOnce(folder, (staging) => Promise.resolve({ found: readdirSync(staging) }));
    expect(readdirSync(folder)).toContain("half");
  });

  it("builds again what is no longer usable", async () => {
    const folder = path.join(tempFolder(), "part-1");
    await installOnce(folder, () => Promise.resolve({ python: "gone" }));
    const record = await installOnce(
      folder,
      () => Promise.resolve({ python: "here" }),
      ({ python }) => python === "here",
    );
    expect(record).toEqual({ python: "here" });
  });

  it("takes over the lock of a process that is dead", async () => {
    const folder = path.join(tempFolder(), "part-1");
    writeFileSync(`${folder}.lock`, String(NOBODY));
    await expect(installOnce(folder, () => Promise.resolve({ done: true }))).resolves.toEqual({ done: true });
  });
});
