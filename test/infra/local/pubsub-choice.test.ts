import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { choosePubsub } from "../../../infra/local/parts/pubsub-choice.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A Cloud SDK with the emulator's component, and a folder of links to its commands. */
function cloudSdk(): { root: string; commands: string; emulator: string } {
  const root = tempFolder();
  const commands = tempFolder();
  const emulator = path.join(root, "platform/pubsub-emulator/bin/cloud-pubsub-emulator");
  mkdirSync(path.dirname(emulator), { recursive: true });
  writeFileSync(emulator, "");
  mkdirSync(path.join(root, "bin"));
  writeFileSync(path.join(root, "bin/gcloud"), "");
  symlinkSync(path.join(root, "bin/gcloud"), path.join(commands, "gcloud"));
  return { root, commands, emulator };
}

it("uses one that runs already, then Google's, then ours", () => {
  const { root, commands, emulator } = cloudSdk();
  const PATH = `/nowhere:${commands}`;
  expect(choosePubsub("h:1", { PATH, PUBSUB_EMULATOR_HOST: "h:2" })).toEqual({
    kind: "elsewhere",
    host: "h:1",
  });
  expect(choosePubsub(undefined, { PATH, PUBSUB_EMULATOR_HOST: "h:2" })).toEqual({
    kind: "elsewhere",
    host: "h:2",
  });
  expect(choosePubsub(undefined, { PATH, PUBSUB_EMULATOR_HOST: "" })).toEqual({ kind: "official", emulator });
  expect(choosePubsub(undefined, { CLOUDSDK_ROOT_DIR: root })).toEqual({ kind: "official", emulator });
  expect(choosePubsub(undefined, { PATH: "/nowhere" })).toEqual({ kind: "own" });
});

it("uses ours in any case when told so", () => {
  expect(choosePubsub(null, { PUBSUB_EMULATOR_HOST: "h:2" })).toEqual({ kind: "own" });
});
