import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { settings } from "../../infra/config/settings.ts";
import { CHECKOUT } from "../../infra/local/install/context.ts";
import { freshet } from "../support/freshet.ts";
import { readmeCloudCommands } from "../support/readme.ts";

/*
 * The README's commands for Google Cloud and for clusters, which can't run here. Each is held to what there is: commands and
 * their options, environment variables, keys of the stack's configuration, presets, outputs, files.
 */
const source = (file: string) => readFileSync(path.join(CHECKOUT, file), "utf8");
const helps = new Map<string, Promise<string>>();

function helpOf(command: string): Promise<string> {
  let help = helps.get(command);
  if (help === undefined) {
    help = freshet([command, "--help"]).then(({ out }) => out);
    helps.set(command, help);
  }
  return help;
}

async function checkFreshet(command: string): Promise<void> {
  const [, name = ""] = /^npx freshet (\S+)/.exec(command) ?? [];
  const help = await helpOf(name);
  for (const [option] of command.matchAll(/--[a-z-]+/g)) expect(help).toContain(option);
}

const SUB_COMMANDS = ["stack init", "stack output", "config set", "preview", "up", "destroy", "import"];

function checkPulumi(command: string): void {
  const [, asked = ""] = /npm run -s pulumi -- (.*)$/.exec(command) ?? [];
  expect(SUB_COMMANDS.filter((known) => asked.startsWith(known))).toHaveLength(1);
  const [, stack] = /stack init (\w+)/.exec(asked) ?? [];
  if (stack !== undefined) expect(existsSync(path.join(CHECKOUT, `Pulumi.${stack}.yaml`))).toBe(true);
  const [, key] = /config set (\S+)/.exec(asked) ?? [];
  if (key !== undefined) expect(Object.values(settings).map((setting) => setting.key)).toContain(key);
  const [, output] = /stack output (\w+)/.exec(asked) ?? [];
  if (output !== undefined) expect(source("infra/index.ts")).toContain(output);
}

function checkFiles(command: string): void {
  for (const [, file = ""] of command.matchAll(/--(?:file|config) (\S+)/g)) {
    expect(existsSync(path.join(CHECKOUT, file))).toBe(true);
  }
}

async function checkVariables(command: string): Promise<void> {
  for (const [variable] of command.matchAll(/FRESHET_\w+/g))
    expect(await helpOf("submit")).toContain(variable);
}

it.each([...new Set(readmeCloudCommands())])("%s", async (command) => {
  if (command.startsWith("npx freshet ")) await checkFreshet(command);
  else if (command.includes("npm run -s pulumi -- ")) checkPulumi(command);
  else if (/^(docker|gcloud) /.test(command)) checkFiles(command);
  else if (command.startsWith("export ")) await checkVariables(command);
  else expect(command).toMatch(/^mkdir /);
});
