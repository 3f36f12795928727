import { execFile } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { CHECKOUT } from "../../../infra/local/install/context.ts";
import type { PulumiCli } from "../../../infra/local/install/pulumi.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { needsPulumi } from "./needs-pulumi.ts";
import { testEnvironment } from "./test-stack.ts";

/*
 * `npm run pulumi -- …` on this checkout's Pulumi.yaml, preset and program, run by Pulumi's language host; with the
 * provider for tests, which needs neither an account nor the internet.
 */

const cli = await needsPulumi();

/** What a command of `npm run pulumi` said, on both streams, and its exit code. */
type Run = (...args: string[]) => Promise<{ readonly said: string; readonly code: unknown }>;

/** A project folder as in a fresh clone, where stacks' files may be written. */
function freshClone({ executable, version }: PulumiCli): Run {
  const folder = tempFolder();
  const clone = path.join(folder, "clone");
  mkdirSync(clone);
  mkdirSync(path.join(folder, "state"));
  for (const file of ["Pulumi.yaml", "Pulumi.small.yaml"]) {
    cpSync(path.join(CHECKOUT, file), path.join(clone, file));
  }
  for (const name of ["infra", "node_modules", "package.json"]) {
    symlinkSync(path.join(CHECKOUT, name), path.join(clone, name));
  }
  const local = path.join(CHECKOUT, "infra", "local");
  const env = { ...process.env, ...testEnvironment({ executable, version }, folder) };
  return (...args) =>
    new Promise((resolve) => {
      const command = [path.join(local, "bootstrap.mjs"), "--script", path.join(local, "pulumi.ts"), ...args];
      execFile(process.execPath, command, { cwd: clone, env }, (error, stdout, stderr) =>
        resolve({ said: stdout + stderr, code: error?.code ?? 0 }),
      );
    });
}

it.skipIf(cli === undefined)(
  "preview, from the preset: first what is missing, then what would be created",
  async () => {
    const run = freshClone(cli ?? expect.unreachable());
    expect(await run("stack", "init", "small")).toMatchObject({ code: 0 });

    const without = await run("preview", "--stack", "small", "--non-interactive");
    expect(without.code).not.toBe(0);
    expect(without.said).toContain("gcp:project is missing");
    expect(without.said).toContain("pulumi config set gcp:project my-project");

    expect(await run("config", "set", "gcp:project", "my-project", "--stack", "small")).toMatchObject({
      code: 0,
    });
    const preview = await run("preview", "--stack", "small", "--non-interactive");
    expect(preview.said).toMatch(/gcp:bigtable:Table features_user create/);
    expect(preview.said).toMatch(/\+ \d+ to create/);
    expect(preview.code).toBe(0);
  },
);
