/** Reads the few Dockerfile instructions that our images use. It is no Docker: it runs nothing. */

/** One `COPY`: sources below the build context, or below an earlier stage's root. */
export interface Copy {
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  /** Absolute in the image, with a `/` at its end where it is a folder to copy into. */
  readonly target: string;
}

/** A build stage. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly copies: readonly Copy[];
  readonly runs: readonly string[];
  readonly user: string | undefined;
  readonly entrypoint: readonly string[];
}

/** The stages of a Dockerfile, the image's own last. @throws Error on an instruction that isn't known here */
export function stagesOf(text: string): Stage[] {
  const stages: { -readonly [K in keyof Stage]: Stage[K] }[] = [];
  let workdir = "/";
  for (const line of text.split("\n")) {
    const [, instruction = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);
    if (instruction === "FROM") {
      const [from = "", , name = ""] = rest.split(/\s+/);
      stages.push({ name, from, copies: [], runs: [], user: undefined, entrypoint: [] });
      workdir = "/";
    } else if (instruction === "WORKDIR") workdir = rest;
    else if (instruction === "COPY" && stage) stage.copies = [...stage.copies, copyOf(rest, workdir)];
    else if (instruction === "RUN" && stage) stage.runs = [...stage.runs, rest];
    else if (instruction === "USER" && stage) stage.user = rest;
    else if (instruction === "ENTRYPOINT" && stage) stage.entrypoint = JSON.parse(rest) as string[];
    else if (instruction !== "" && !["ARG", "ENV"].includes(instruction))
      throw new Error(`an instruction that this reader doesn't know: ${line}`);
  }
  return stages;
}

function copyOf(text: string, workdir: string): Copy {
  const words = text.split(/\s+/);
  const [flag = ""] = words;
  const stage = /^--from=(.+)$/.exec(flag)?.[1];
  const paths = stage === undefined ? words : words.slice(1);
  const target = paths.pop() ?? "";
  const asFolder = target === "./" || target.endsWith("/");
  const absolute = new URL(target, `file://${workdir}/`).pathname;
  return { stage, sources: paths, target: asFolder && !absolute.endsWith("/") ? `${absolute}/` : absolute };
}
