/** Writes one line to standard output: what a command answers. Everything else (progress, hints) goes to stderr. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress and hints: not the answer. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The answer of a command with `--json`: one JSON document on one line. */
export function sayJson(value: unknown): void {
  say(JSON.stringify(value));
}
