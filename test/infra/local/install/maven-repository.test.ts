import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { mavenRepository } from "../../../../infra/local/install/maven-repository.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

const MIRROR = `<settings>
  <servers><server><id>m</id><username>ann</username><password>secret</password></server></servers>
  <mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>http://mirror.test/maven/</url></mirror></mirrors>
</settings>`;

function homeWithMirror(): string {
  const home = tempFolder();
  mkdirSync(path.join(home, ".m2"));
  writeFileSync(path.join(home, ".m2", "settings.xml"), MIRROR);
  return home;
}

it("prefers the option to the variable, the variable to the mirror, the mirror to Beam's default", () => {
  const HOME = homeWithMirror();
  const env = { HOME, FRESHET_MAVEN_REPOSITORY: "http://variable.test" };
  expect(mavenRepository(env, "http://option.test").url).toBe("http://option.test");
  expect(mavenRepository(env).url).toBe("http://variable.test");
  expect(mavenRepository({ HOME }).url).toBe("http://mirror.test/maven");
  expect(mavenRepository({ HOME: tempFolder() }).url).toMatch(/^https:/);
});

it("sends the mirror's credentials to the mirror only", () => {
  const HOME = homeWithMirror();
  const authorization = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
  expect(mavenRepository({ HOME }).headers).toEqual({ authorization });
  expect(mavenRepository({ HOME }, "http://option.test").headers).toEqual({});
});

it("says who chose what isn't a URL", () => {
  const env = { HOME: tempFolder(), FRESHET_MAVEN_REPOSITORY: "repo.test/maven" };
  expect(() => mavenRepository(env)).toThrow(
    expect.objectContaining({
      code: "bad_maven_repository",
      message: expect.stringContaining("FRESHET_MAVEN_REPOSITORY") as string,
    }),
  );
});
