import { describe, expect, it } from "vitest";
import { readStackConfig } from "../../infra/config.ts";
import { StackConfigError } from "../../infra/config/errors.ts";
import { settings } from "../../infra/config/settings.ts";
import { Wrong } from "../../infra/config/values.ts";
import { presetValues } from "../../infra/presets.ts";
import { requiredTopicRetentionMs } from "../../infra/topic-retention.ts";
import { parseDuration } from "../../pipeline/core/duration.ts";
import { IMAGE, OWN_VALUES } from "../support/deployments.ts";
import { countPlan } from "../support/plans.ts";

const least = { "gcp:project": "my-project", "gcp:region": "europe-west1" };
const plans = [countPlan({ longestMs: parseDuration("1h"), allowedLatenessMs: parseDuration("5m") })];

const read = (values: Record<string, string>, views = plans) =>
  readStackConfig({ stack: "s", values }, views);

/** The mistakes of a configuration, as `key problem`. */
function mistakesOf(values: Record<string, string>, views = plans): string[] {
  try {
    read(values, views);
  } catch (error) {
    if (error instanceof StackConfigError) {
      return error.mistakes.map(({ key, problem }) => `${key} ${problem}`);
    }
    throw error;
  }
  return [];
}

describe("a stack's configuration", () => {
  it("needs project and region, and fills in the rest", () => {
    expect(read(least)).toEqual({
      stack: "s",
      project: "my-project",
      region: "europe-west1",
      name: "freshet",
      image: undefined,
      machineType: "n2d-standard-2",
      maxWorkers: 3,
      generation: 0,
      oldestGeneration: 0,
      topicRetention: parseDuration("7d"),
      zones: ["europe-west1-b"],
      minNodes: 1,
      maxNodes: 3,
      cpuTarget: 60,
      backups: undefined,
      location: "europe-west1",
      offlineRetention: undefined,
      archiveRetention: undefined,
      kms: false,
      subnetwork: undefined,
      subnetRange: "10.64.0.0/24",
      nat: false,
      deletionProtection: true,
      alertEmail: undefined,
      serverImage: undefined,
      serverIngress: "internal",
      serverCallers: undefined,
      serverApiKeys: undefined,
      serverMinInstances: 1,
      serverMaxInstances: 10,
      serverConcurrency: 128,
      serverDeadline: 250,
      serverLogVectors: 0,
      serverConsole: false,
    });
  });

  it("can't be changed afterwards", () => {
    expect(Object.isFrozen(read(least))).toBe(true);
  });

  it.each(["small", "prod"] as const)("is right in preset %s, once a project is set", (preset) => {
    expect(mistakesOf(presetValues(preset))).toEqual(["gcp:project is missing: the project to deploy to"]);
    expect(mistakesOf({ ...presetValues(preset), ...OWN_VALUES })).toEqual([]);
  });

  it("takes the example of every key", () => {
    for (const { key, read: reader, example } of Object.values(settings)) {
      expect(reader(example), key).not.toBeInstanceOf(Wrong);
    }
  });

  it("tells every mistake at once, each with the command that mends it", () => {
    const read = () =>
      readStackConfig({ stack: "dev", values: { "gcp:project": "My Project", "freshet:kms": "yes" } }, plans);
    expect(read).toThrow(
      [
        "the configuration of stack dev has 3 mistakes:",
        `  gcp:project is "My Project": a project's id (not its name or number) has 6 to 30 small letters, digits and dashes`,
        "      pulumi config set gcp:project my-project",
        "  gcp:region is missing: where everything runs",
        "      pulumi config set gcp:region europe-west1",
        `  freshet:kms is "yes": it is true or false`,
        "      pulumi config set freshet:kms false",
      ].join("\n"),
    );
  });

  it.each([
    ["gcp:region", "europe-west1-b"],
    ["freshet:name", "short"],
    ["freshet:name", "Upper-case"],
    ["freshet:image", "europe-west1-docker.pkg.dev/my-project/freshet/worker:latest"],
    ["freshet:image", `${IMAGE}0`],
    ["freshet:machineType", "large machine"],
    ["freshet:maxWorkers", "0"],
    ["freshet:maxWorkers", "1e3"],
    ["freshet:generation", "-1"],
    ["freshet:bigtableCpuTarget", "95"],
    ["freshet:bigtableBackups", "1d"],
    ["freshet:bigtableBackups", "weekly"],
    ["freshet:bigtableZones", "europe-west1-b,europe-west1-b"],
    ["freshet:bigtableZones", ""],
    ["freshet:bigqueryLocation", "Belgium"],
    ["freshet:archiveRetention", "12h"],
    ["freshet:subnetwork", "dataflow"],
    ["freshet:subnetRange", "8.8.8.0/24"],
    ["freshet:subnetRange", "10.0.0.0/30"],
    ["freshet:deletionProtection", "TRUE"],
    ["freshet:alertEmail", "nobody"],
    ["freshet:topicRetention", "32d"],
    ["freshet:serverImage", "server:latest"],
    ["freshet:serverIngress", "public"],
    ["freshet:serverCallers", "allUsers"],
    ["freshet:serverCallers", "model@my-project.iam.gserviceaccount.com"],
    ["freshet:serverApiKeys", "projects/p/secrets/keys/versions/latest"],
    ["freshet:serverApiKeys", "freshet-api-keys"],
    ["freshet:serverConcurrency", "1000"],
    ["freshet:serverLogVectors", "1.5"],
    ["freshet:serverLogVectors", "10%"],
    ["freshet:serverDeadline", "1m"],
  ])("refuses %s = %s", (key, value) => {
    const [mistake, ...others] = mistakesOf({ ...least, [key]: value });
    expect(mistake).toContain(`${key} is ${JSON.stringify(value)}: `);
    expect(others).toEqual([]);
  });

  it("refuses a key that it doesn't know", () => {
    expect(mistakesOf({ ...least, "freshet:maxWorker": "3", "other:key": "x" })).toEqual([
      expect.stringMatching(/^freshet:maxWorker is no key: there are freshet:name, freshet:image, /),
    ]);
  });

  it.each([
    [
      { "freshet:bigtableMinNodes": "5" },
      "freshet:bigtableMaxNodes is 3, less than freshet:bigtableMinNodes = 5",
    ],
    [
      { "freshet:bigtableZones": "us-east1-b" },
      "freshet:bigtableZones names us-east1-b, not in gcp:region = europe-west1",
    ],
    [{ "freshet:oldestGeneration": "2" }, "freshet:oldestGeneration is 2, newer than freshet:generation = 0"],
    [
      { "freshet:kms": "true", "freshet:bigqueryLocation": "EU" },
      "freshet:bigqueryLocation is EU: with freshet:kms = true it must be where the key is, europe-west1",
    ],
    [
      { "freshet:subnetwork": "projects/net/regions/us-east1/subnetworks/s" },
      "freshet:subnetwork is projects/net/regions/us-east1/subnetworks/s, not in gcp:region = europe-west1",
    ],
    [
      { "freshet:serverMinInstances": "11" },
      "freshet:serverMaxInstances is 10, less than freshet:serverMinInstances = 11",
    ],
    [
      {
        "freshet:serverApiKeys": "projects/p/secrets/keys/versions/1",
        "freshet:serverCallers": "group:models@example.com",
      },
      "freshet:serverCallers is set beside freshet:serverApiKeys: either IAM decides who may ask, or API keys do",
    ],
  ])("refuses values that contradict each other: %j", (values, mistake) => {
    expect(mistakesOf({ ...least, ...values })).toEqual([mistake]);
  });
});

describe("the retention of topics", () => {
  const day = countPlan({ longestMs: parseDuration("1d"), allowedLatenessMs: parseDuration("2h") });

  it("has to be the longest window, its lateness, and an hour", () => {
    expect(requiredTopicRetentionMs([...plans, day])).toBe(parseDuration("27h"));
  });

  it("may be just that, and not less", () => {
    expect(read({ ...least, "freshet:topicRetention": "27h" }, [day]).topicRetention).toBe(
      parseDuration("27h"),
    );
    expect(mistakesOf({ ...least, "freshet:topicRetention": "26h" }, [day])).toEqual([
      "freshet:topicRetention is 26h: the views need 27h (longest window + allowed lateness + 1 h)",
    ]);
  });

  it("is as long as the views need, where a week is too short", () => {
    const month = countPlan({ longestMs: parseDuration("30d"), allowedLatenessMs: 0 });
    expect(read(least, [month]).topicRetention).toBe(parseDuration("721h"));
  });

  it("ends at what Pub/Sub offers", () => {
    const month = countPlan({ longestMs: parseDuration("31d"), allowedLatenessMs: 0 });
    expect(mistakesOf(least, [month])).toEqual([
      "freshet:topicRetention would have to be 745h, but Pub/Sub keeps messages 31d at most: shorten the longest window",
    ]);
  });
});
