import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Properties } from "./wire.ts";

/** One thing that the engine asked the provider to do. */
export interface Call {
  readonly op: "create" | "update" | "delete";
  readonly type: string;
  /** The resource's name in the program. */
  readonly name: string;
  readonly id: string;
}

/** What Google's APIs set rather than create: doing it again is no mistake. */
const OVERWRITTEN = /iam_?member$|:(bucketobject|gcpolicy|service|serviceidentity)$/i;

/**
 * What stands for Google Cloud: a folder with a file a resource, which outlives the provider's process and the stack's
 * state as the cloud does; and a log of what was done to it.
 */
export class Cloud {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(path.join(folder, "resources"), { recursive: true });
  }

  /** @throws Error where one with this id is there already, as Google's API does for most */
  create(call: Call, state: Properties): void {
    try {
      const flag = OVERWRITTEN.test(call.type) ? "w" : "wx";
      writeFileSync(this.#fileOf(call), JSON.stringify(state), { flag });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      throw new Error(`Error 409: ${call.id} already exists`, { cause: error });
    }
    this.#log(call);
  }

  /** @throws Error where there is none with this id */
  update(call: Call, state: Properties): void {
    this.read(call);
    writeFileSync(this.#fileOf(call), JSON.stringify(state));
    this.#log(call);
  }

  delete(call: Call): void {
    rmSync(this.#fileOf(call), { force: true });
    this.#log(call);
  }

  /** @throws Error where there is none with this id */
  read(of: Pick<Call, "type" | "id">): Properties {
    try {
      return JSON.parse(readFileSync(this.#fileOf(of), "utf8")) as Properties;
    } catch (error) {
      throw new Error(`Error 404: ${of.id} was not found`, { cause: error });
    }
  }

  #fileOf({ type, id }: Pick<Call, "type" | "id">): string {
    const digest = createHash("sha256").update(`${type} ${id}`).digest("hex").slice(0, 16);
    return path.join(this.#folder, "resources", digest);
  }

  #log(call: Call): void {
    appendFileSync(callLog(this.#folder), `${JSON.stringify(call)}\n`);
  }
}

/** What was done in a cloud's folder so far, in order. */
export function callsIn(folder: string): Call[] {
  const lines = readFileSync(callLog(folder), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Call);
}

function callLog(folder: string): string {
  return path.join(folder, "calls.ndjson");
}
