import { describe, expect, it } from "vitest";
import { imageFile } from "../../support/image.ts";

describe.each(["worker", "server"])("the image of the %s", (name) => {
  const { packages, image, ignore } = imageFile(name);

  it("installs exactly what the lock file says, without what is for development, and runs no package's scripts", () => {
    expect(packages?.copies).toEqual([
      { stage: undefined, sources: ["package.json", "package-lock.json"], target: "/freshet/" },
    ]);
    expect(packages?.runs[0]).toBe("npm ci --omit=dev --ignore-scripts --no-audit --no-fund");
  });

  it("runs as a user without rights, on an image that can be pinned by digest", () => {
    expect(image?.user).toBe("node");
    expect([packages?.from, image?.from]).toEqual(["${NODE_IMAGE}", "${NODE_IMAGE}"]);
  });

  it("takes no more than its context lets in", () => {
    for (const { stage, sources } of image?.copies ?? []) {
      for (const source of stage === undefined ? sources : [])
        expect(ignore.filter((line) => `!${source}/`.startsWith(`${line}/`) && line !== "")).toHaveLength(1);
    }
  });
});
