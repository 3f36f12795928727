import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ENGINE_LOCK } from "../../../../infra/local/install/engine-jars.ts";
import { contentKey, readLock, repositoryPath } from "../../../../infra/local/install/maven-artifact.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const sha256 = "0".repeat(64);

describe("repositoryPath", () => {
  it("follows Maven's layout, with a classifier where there is one", () => {
    expect(repositoryPath({ coordinates: "a.b:c:1.2", sha256, bytes: 1 })).toBe("a/b/c/1.2/c-1.2.jar");
    expect(repositoryPath({ coordinates: "a:c:1:x86", sha256, bytes: 1 })).toBe("a/c/1/c-1-x86.jar");
  });
});

describe("readLock", () => {
  it("reads the engine's lock, where no artifact stands twice", () => {
    const artifacts = readLock(ENGINE_LOCK);
    expect(artifacts.length).toBeGreaterThan(100);
    expect(new Set(artifacts.map((a) => a.coordinates)).size).toBe(artifacts.length);
  });

  it.each([
    [{ coordinates: "a:b", sha256, bytes: 1 }],
    [{ coordinates: "a:../b:1", sha256, bytes: 1 }],
    [{ coordinates: "a:b:1", sha256: "zz", bytes: 1 }],
    [{ coordinates: "a:b:1", sha256, bytes: "1" }],
    ["a:b:1"],
  ])("refuses %j", (artifact) => {
    const file = path.join(tempFolder(), "lock.json");
    writeFileSync(file, JSON.stringify({ artifacts: [artifact] }));
    expect(() => readLock(file)).toThrow(expect.objectContaining({ code: "bad_lock" }));
  });
});

it("contentKey tells apart what is joined differently", () => {
  expect(contentKey("a", "b")).not.toBe(contentKey("ab"));
  expect(contentKey("a", "b")).toBe(contentKey("a", "b"));
});
