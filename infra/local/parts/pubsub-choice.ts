import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import type { Environment } from "../install/maven-settings.ts";

/** Which Pub/Sub the stack uses: our endpoint, Google's emulator (started by us), or one that runs elsewhere. */
export type PubsubChoice =
  | { readonly kind: "own" }
  | { readonly kind: "official"; readonly emulator: string }
  | { readonly kind: "elsewhere"; readonly host: string };

const IN_CLOUD_SDK = path.join("platform", "pubsub-emulator", "bin", "cloud-pubsub-emulator");

/**
 * Chooses: a host that is given, or `PUBSUB_EMULATOR_HOST`; else Google's emulator where the Cloud SDK on this machine
 * has it; else ours. An explicit null means ours.
 */
export function choosePubsub(host: string | null | undefined, env: Environment): PubsubChoice {
  if (host === null) return { kind: "own" };
  const elsewhere = host ?? env["PUBSUB_EMULATOR_HOST"];
  if (elsewhere !== undefined && elsewhere !== "") return { kind: "elsewhere", host: elsewhere };
  const emulator = findOfficialEmulator(env);
  return emulator === undefined ? { kind: "own" } : { kind: "official", emulator };
}

/** Path of the start script of Google's emulator. */
function findOfficialEmulator(env: Environment): string | undefined {
  const onPath = (env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, "gcloud"));
  const gcloud = onPath.find((file) => existsSync(file));
  const roots = [
    env["CLOUDSDK_ROOT_DIR"],
    gcloud === undefined ? undefined : path.dirname(path.dirname(realpathSync(gcloud))),
  ];
  return roots
    .flatMap((root) => (root === undefined || root === "" ? [] : [path.join(root, IN_CLOUD_SDK)]))
    .find((file) => existsSync(file));
}
