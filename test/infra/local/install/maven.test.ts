import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { fetchArtifacts } from "../../../../infra/local/install/maven.ts";
import type { MavenArtifact } from "../../../../infra/local/install/maven-artifact.ts";
import { httpServer } from "../../../support/http-server.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const contentOf = (name: string): string => `content of ${name}`;

function artifact(name: string): MavenArtifact {
  const content = contentOf(name);
  return {
    coordinates: `group:${name}:1`,
    sha256: createHash("sha256").update(content).digest("hex"),
    bytes: content.length,
  };
}

it("fetches only what is neither there nor in Maven's own cache, with the repository's headers", async () => {
  const asked: (string | undefined)[][] = [];
  const url = await httpServer((request, response) => {
    asked.push([request.url, request.headers.authorization]);
    response.end(contentOf(/group\/(\w+)\//.exec(request.url ?? "")?.[1] ?? ""));
  });
  const folder = tempFolder();
  const localRepository = tempFolder();
  writeFileSync(path.join(folder, "there-1.jar"), contentOf("there"));
  mkdirSync(path.join(localRepository, "group/cached/1"), { recursive: true });
  writeFileSync(path.join(localRepository, "group/cached/1/cached-1.jar"), contentOf("cached"));

  const artifacts = ["there", "cached", "missing"].map(artifact);
  const seen: number[] = [];
  const repository = { url, headers: { authorization: "Basic x" }, chosenBy: "test", localRepository };
  await fetchArtifacts(artifacts, repository, folder, (bytes) => seen.push(bytes));

  expect(asked).toEqual([["/group/missing/1/missing-1.jar", "Basic x"]]);
  for (const name of ["there", "cached", "missing"]) {
    expect(readFileSync(path.join(folder, `${name}-1.jar`), "utf8")).toBe(contentOf(name));
  }
  expect(seen.at(-1)).toBe(artifacts.reduce((sum, a) => sum + a.bytes, 0));
});
