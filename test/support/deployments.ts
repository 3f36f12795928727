/** Stacks as the Pulumi program declares them, without Pulumi's engine and without Google. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { readStackConfig } from "../../infra/config.ts";
import { type DeclaredResource, declaredResources } from "../../infra/declared-resources.ts";
import { deploy } from "../../infra/deploy.ts";
import { presetValues } from "../../infra/presets.ts";
import { shortType } from "../../infra/resource-table/tables.ts";
import type { Registry } from "../../pipeline/define/index.ts";
import { features } from "../../pipeline/features/registry.ts";

/** A worker image by digest; nothing was ever pushed there. */
export const IMAGE = `europe-west1-docker.pkg.dev/my-project/freshet/worker@sha256:${"5eed".repeat(16)}`;

/** A server image by digest. */
export const SERVER_IMAGE = IMAGE.replace("/worker@", "/server@");

/** Both images, as values of a stack. */
export const IMAGES = { "freshet:image": IMAGE, "freshet:serverImage": SERVER_IMAGE };

/** What a person sets beside a preset, before there is an image. */
export const OWN_VALUES = { "gcp:project": "my-project" };

/** What a test has otherwise. */
interface Changes {
  readonly registry?: Registry;
  /** Beside the preset's. @default both images */
  readonly values?: Readonly<Record<string, string>>;
}

const known = new Map<string, Promise<DeclaredResource[]>>();

/** What a preset declares as it is, with both images; worked out once for all tests of a file. */
export function declaredByPreset(preset: "small" | "prod"): Promise<DeclaredResource[]> {
  const declared = known.get(preset) ?? declaredBy(preset);
  known.set(preset, declared);
  return declared;
}

/** What a preset declares, with some values and definitions of the test's own. */
export async function declaredBy(
  preset: "small" | "prod",
  { registry = features, values = IMAGES }: Changes = {},
): Promise<DeclaredResource[]> {
  const source = { stack: preset, values: { ...presetValues(preset), ...OWN_VALUES, ...values } };
  const config = readStackConfig(source, registry.plans);
  const workDir = mkdtempSync(path.join(tmpdir(), "freshet-test-"));
  try {
    return await declaredResources(preset, () => deploy({ registry, config, workDir, hasEngine: false }));
  } finally {
    rmSync(workDir, { recursive: true });
  }
}

/** `part type name`, sorted; components stand under the stack. */
export function listed(resources: readonly DeclaredResource[]): string[] {
  return resources.map(({ part = "(stack)", type, name }) => `${part} ${shortType(type)} ${name}`).sort();
}

/** What differs: lines of `listed`, and for what is in both the inputs that changed. */
export function changes(before: readonly DeclaredResource[], after: readonly DeclaredResource[]) {
  const [old, now] = [before, after].map((all) => new Map(all.map((one) => [listed([one])[0] ?? "", one])));
  const changed: Record<string, string[]> = {};
  for (const [line, { inputs }] of now ?? []) {
    const was = old?.get(line)?.inputs;
    if (was === undefined) continue;
    const keys = Object.keys({ ...was, ...inputs }).filter(
      (key) => JSON.stringify(was[key]) !== JSON.stringify(inputs[key]),
    );
    if (keys.length > 0) changed[line] = keys;
  }
  return {
    added: [...(now?.keys() ?? [])].filter((line) => !old?.has(line)).sort(),
    removed: [...(old?.keys() ?? [])].filter((line) => !now?.has(line)).sort(),
    changed,
  };
}
