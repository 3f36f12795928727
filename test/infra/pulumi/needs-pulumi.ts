import path from "node:path";
import { localDir } from "../../../infra/local/install/context.ts";
import { findPulumi, type PulumiCli } from "../../../infra/local/install/pulumi.ts";

/** The CLI that tests of the engine run; without one they skip, and this says how to get it. */
export async function needsPulumi(): Promise<PulumiCli | undefined> {
  const cli = await findPulumi(process.env, path.join(localDir(process.env), "cache"));
  if (cli === undefined) {
    console.warn(
      "tests under Pulumi's engine are skipped: there is no Pulumi; `npm run -s pulumi -- version` builds it, once",
    );
  }
  return cli;
}
