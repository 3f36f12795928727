/** Commands as a person types them, in a shell in the checkout. */
import { execFile, spawn } from "node:child_process";
import { CHECKOUT } from "../../infra/local/install/context.ts";

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
export function sh(command: string): Promise<Said> {
  return new Promise((resolve) => {
    execFile("sh", ["-c", command], { cwd: CHECKOUT, maxBuffer: 2 ** 26 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err });
    });
  });
}

/** A command that runs until it is told to end. */
export interface Running {
  /** Resolves with all it has said once that matches; rejects when it ends before. */
  says(what: RegExp): Promise<string>;
  /** Asks it to end; resolves once nothing that it started holds its output any more. */
  stop(): Promise<void>;
}

export function shBackground(command: string): Running {
  const child = spawn("sh", ["-c", `exec ${command}`], { cwd: CHECKOUT, stdio: ["ignore", "pipe", "pipe"] });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  }
  return {
    says: (what) =>
      new Promise((resolve, reject) => {
        const look = () => what.test(said) && resolve(said);
        child.stdout.on("data", look);
        child.stderr.on("data", look);
        void closed.then(() => reject(new Error(`"${command}" ended without ${String(what)}: ${said}`)));
        look();
      }),
    stop: () => {
      child.kill("SIGTERM");
      return closed;
    },
  };
}
