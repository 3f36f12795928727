import { describe, expect, it } from "vitest";
import { covers, parseMavenSettings } from "../../../../infra/local/install/maven-settings.ts";

describe("covers", () => {
  it.each([
    ["*", true],
    ["central", true],
    ["external:*", true],
    ["repo1, central", true],
    ["*,!central", false],
    ["!central,*", false],
    ["external:http:*", false],
    ["my-releases", false],
    ["", false],
  ])("%j covers Maven Central: %s", (mirrorOf, expected) => {
    expect(covers(mirrorOf)).toBe(expected);
  });
});

describe("parseMavenSettings", () => {
  it("takes the first mirror that covers Central, with its server's credentials", () => {
    const settings = `
      <settings xmlns="http://maven.apache.org/SETTINGS/1.2.0">
        <servers>
          <server><id>other</id><username>nobody</username><password>x</password></server>
          <server><id>corp</id><username>\${env.M_USER}</username><password>a&amp;b</password></server>
        </servers>
        <mirrors>
          <mirror><id>snapshots</id><mirrorOf>snapshots</mirrorOf><url>http://mirror.test/s</url></mirror>
          <mirror>
            <id>corp</id>
            <mirrorOf>*,!private</mirrorOf>
            <url> \${env.MIRROR}/maven </url>
          </mirror>
          <mirror><id>second</id><mirrorOf>central</mirrorOf><url>http://mirror.test/2</url></mirror>
        </mirrors>
      </settings>`;
    expect(parseMavenSettings(settings, { M_USER: "ann", MIRROR: "http://mirror.test" })).toEqual({
      mirror: { id: "corp", url: "http://mirror.test/maven" },
      credentials: { username: "ann", password: "a&b" },
    });
  });

  it("ignores comments and blocked mirrors", () => {
    const settings = `<settings><mirrors>
      <!-- <mirror><id>a</id><mirrorOf>*</mirrorOf><url>http://mirror.test/a</url></mirror> -->
      <mirror><id>b</id><mirrorOf>*</mirrorOf><url>http://mirror.test/b</url><blocked>true</blocked></mirror>
    </mirrors></settings>`;
    expect(parseMavenSettings(settings, {})).toEqual({});
  });

  it("leaves out encrypted passwords", () => {
    const settings = `<settings>
      <servers><server><id>m</id><username>u</username><password>{COQLCE6DU6GtcS5P=}</password></server></servers>
      <mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>http://mirror.test</url></mirror></mirrors>
    </settings>`;
    expect(parseMavenSettings(settings, {})).toEqual({ mirror: { id: "m", url: "http://mirror.test" } });
  });

  it("fills in the home folder of the local repository", () => {
    const settings = "<settings><localRepository>${user.home}/libs</localRepository></settings>";
    expect(parseMavenSettings(settings, { HOME: "/home/ann" })).toEqual({
      localRepository: "/home/ann/libs",
    });
  });
});
