import { parseDuration } from "../pipeline/core/duration.ts";
import type { ViewPlan } from "../pipeline/core/view-plan.ts";
import { type Mistake, StackConfigError } from "./config/errors.ts";
import { type Setting, settings, type Settings } from "./config/settings.ts";
import { Wrong } from "./config/values.ts";
import { requiredTopicRetentionMs } from "./topic-retention.ts";

/** A stack's configuration: checked, with every default filled in. */
export interface StackConfig extends Settings {
  readonly stack: string;
  readonly topicRetention: number;
  readonly zones: readonly string[];
  readonly location: string;
}

/** What Pulumi knows of a stack's configuration. */
export interface ConfigSource {
  readonly stack: string;
  /** Texts by key with its namespace: `gcp:project`. */
  readonly values: Readonly<Record<string, string>>;
}

const DEFAULT_RETENTION_MS = parseDuration("7d");
const LONGEST_RETENTION_MS = parseDuration("31d");

/**
 * Reads a stack's configuration.
 * @param plans what the topics' retention has to suffice for
 * @throws StackConfigError with every mistake: what is missing, malformed, unknown, or contradicts something else
 */
export function readStackConfig({ stack, values }: ConfigSource, plans: readonly ViewPlan[]): StackConfig {
  const mistakes = unknownKeys(values);
  const entries = Object.entries(settings).map(([name, setting]) => {
    const value = readSetting(setting, values);
    if (!(value instanceof Wrong)) return [name, value] as const;
    mistakes.push({
      key: setting.key,
      problem: value.problem,
      command: setCommand(setting, setting.example),
    });
    return [name, undefined] as const;
  });
  if (mistakes.length > 0) throw new StackConfigError(stack, mistakes);
  // No mistakes: every value is what its reader gives.
  const read = Object.fromEntries(entries) as unknown as Settings;
  const config = {
    ...read,
    stack,
    zones: read.zones ?? [`${read.region}-b`],
    location: read.location ?? read.region,
    topicRetention: read.topicRetention ?? Math.max(DEFAULT_RETENTION_MS, requiredTopicRetentionMs(plans)),
  };
  const contradictions = contradictionsOf(config, plans);
  if (contradictions.length > 0) throw new StackConfigError(stack, contradictions);
  return Object.freeze(config);
}

function readSetting(setting: Setting<unknown>, values: ConfigSource["values"]): unknown {
  const text = values[setting.key];
  if (text !== undefined) {
    const value = setting.read(text);
    return value instanceof Wrong ? new Wrong(`is ${JSON.stringify(text)}: ${value.problem}`) : value;
  }
  switch (setting.fallback.kind) {
    case "required":
      return new Wrong(`is missing: ${setting.meaning}`);
    case "text":
      return setting.read(setting.fallback.text);
    case "none":
      return undefined;
  }
}

function unknownKeys(values: ConfigSource["values"]): Mistake[] {
  const known = new Set<string>(Object.values(settings).map(({ key }) => key));
  return Object.keys(values)
    .filter((key) => key.startsWith("freshet:") && !known.has(key))
    .map((key) => ({
      key,
      problem: `is no key: there are ${[...known].filter((name) => name.startsWith("freshet:")).join(", ")}`,
      command: `pulumi config rm ${key}`,
    }));
}

/** What single values can't show. */
function contradictionsOf(config: StackConfig, plans: readonly ViewPlan[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const blame = (setting: Pick<Setting<unknown>, "key">, problem: string, value: string) =>
    mistakes.push({ key: setting.key, problem, command: setCommand(setting, value) });
  const { region, zones, minNodes, maxNodes, generation, oldestGeneration, location, subnetwork } = config;
  if (maxNodes < minNodes) {
    blame(
      settings.maxNodes,
      `is ${maxNodes}, less than ${settings.minNodes.key} = ${minNodes}`,
      `${minNodes}`,
    );
  }
  const abroad = zones.filter((zone) => !zone.startsWith(`${region}-`));
  if (abroad.length > 0) {
    blame(
      settings.zones,
      `names ${abroad.join(", ")}, not in ${settings.region.key} = ${region}`,
      `${region}-b`,
    );
  }
  if (config.serverMaxInstances < config.serverMinInstances) {
    const problem = `is ${config.serverMaxInstances}, less than ${settings.serverMinInstances.key} = ${config.serverMinInstances}`;
    blame(settings.serverMaxInstances, problem, `${config.serverMinInstances}`);
  }
  if (config.serverApiKeys !== undefined && config.serverCallers !== undefined) {
    mistakes.push({
      key: settings.serverCallers.key,
      problem: `is set beside ${settings.serverApiKeys.key}: either IAM decides who may ask, or API keys do`,
      command: `pulumi config rm ${settings.serverCallers.key}`,
    });
  }
  if (oldestGeneration > generation) {
    const problem = `is ${oldestGeneration}, newer than ${settings.generation.key} = ${generation}`;
    blame(settings.oldestGeneration, problem, `${generation}`);
  }
  if (config.kms && location !== region) {
    const problem = `is ${location}: with ${settings.kms.key} = true it must be where the key is, ${region}`;
    blame(settings.location, problem, region);
  }
  if (subnetwork !== undefined && !subnetwork.includes(`/regions/${region}/`)) {
    const right = subnetwork.replace(/\/regions\/[^/]+\//, `/regions/${region}/`);
    blame(settings.subnetwork, `is ${subnetwork}, not in ${settings.region.key} = ${region}`, right);
  }
  const neededMs = requiredTopicRetentionMs(plans);
  if (neededMs > LONGEST_RETENTION_MS) {
    const problem = `would have to be ${hours(neededMs)}, but Pub/Sub keeps messages 31d at most: shorten the longest window`;
    mistakes.push({ key: settings.topicRetention.key, problem, command: "edit pipeline/features/" });
  } else if (config.topicRetention < neededMs) {
    const problem = `is ${hours(config.topicRetention)}: the views need ${hours(neededMs)} (longest window + allowed lateness + 1 h)`;
    blame(settings.topicRetention, problem, hours(neededMs));
  }
  return mistakes;
}

function setCommand({ key }: Pick<Setting<unknown>, "key">, value: string): string {
  return `pulumi config set ${key} ${value}`;
}

/** A duration as it is written, in whole hours. */
function hours(ms: number): string {
  return `${Math.ceil(ms / parseDuration("1h"))}h`;
}
