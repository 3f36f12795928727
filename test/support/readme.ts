/** The README as a test reads it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { CHECKOUT } from "../../infra/local/install/context.ts";

/** A fenced block. */
export interface Fence {
  readonly language: string;
  /** Without the fences, with its last line's end. */
  readonly text: string;
}

/** All fenced blocks of the README, in order. */
export function readmeFences(): Fence[] {
  const text = readFileSync(path.join(CHECKOUT, "README.md"), "utf8");
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", content = ""]) => ({
    language,
    text: content,
  }));
}

/** What a reader may type: the lines of `sh` blocks. */
export function readmeCommands(): string[] {
  return blocks("sh").flatMap((text) => text.split("\n").filter((line) => line !== ""));
}

/** What a reader may type for Google Cloud or a cluster: the commands of `bash` blocks, without comments. */
export function readmeCloudCommands(): string[] {
  return blocks("bash").flatMap((text) =>
    text
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
      .filter((line) => line !== ""),
  );
}

/** The files among the `ts` blocks, by the path that their first line names. */
export function readmeFiles(): Map<string, string> {
  return new Map(
    blocks("ts").map((text) => {
      const [, file, content] = /^\/\/ (\S+)\n(.*)$/s.exec(text) ?? [];
      if (file === undefined || content === undefined) throw new Error(`no path above: ${text.slice(0, 60)}`);
      return [file, content];
    }),
  );
}

/** The one block of a language. */
export function readmeBlock(language: string): string {
  const [text, ...others] = blocks(language);
  if (text === undefined || others.length > 0) throw new Error(`the README needs one block of ${language}`);
  return text;
}

function blocks(language: string): string[] {
  return readmeFences()
    .filter((fence) => fence.language === language)
    .map(({ text }) => text);
}
