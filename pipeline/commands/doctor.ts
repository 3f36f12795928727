import { Command, Option } from "commander";
import { describeFindings, doctor } from "../../infra/local/doctor.ts";
import { say, sayJson } from "./output.ts";

/** `freshet doctor`: what the local stack needs of this machine, what is missing, and how to get it. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Say what the local stack needs of this machine, what is missing, and how to get it.")
    .addOption(
      new Option("--maven-repository <url>", "where Java libraries would come from").env(
        "FRESHET_MAVEN_REPOSITORY",
      ),
    )
    .option("--json", "print the findings as one JSON document")
    .action(async (flags: { mavenRepository?: string; json?: boolean }) => {
      const { mavenRepository } = flags;
      const findings = await doctor(mavenRepository === undefined ? {} : { mavenRepository });
      if (flags.json) sayJson(findings);
      else describeFindings(findings).forEach(say);
      if (findings.some(({ status }) => status === "error")) process.exitCode = 1;
    });
}
