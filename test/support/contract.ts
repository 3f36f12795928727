/** A program started as a runner starts a worker's container, and what it is worth: one bundle of the graph's own DoFn. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { protos } from "@google-cloud/pubsub";
import { onTestFinished } from "vitest";
import { messageCoder } from "../../pipeline/beam/element-coders.ts";
import { bytesCoder } from "../../pipeline/harness/coders.ts";
import { element, encode, Stage, values } from "../harness/stage.ts";
import type { FakeRunner } from "./fake-runner.ts";

const { PubsubMessage } = protos.google.pubsub.v1;

/** A started container. */
export interface Container {
  readonly child: ChildProcess;
  /** Exit code and signal. */
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  /** What it wrote to stderr so far. */
  readonly stderr: () => string;
}

/** Starts `node args`; it is killed when the running test is over. */
export function startContainer(args: readonly string[]): Container {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "close") as Container["exited"];
  let text = "";
  child.stderr.on("data", (chunk) => (text += String(chunk)));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return { child, exited, stderr: () => text };
}

/** Has the worker parse one Pub/Sub message. @returns what came out */
export async function parseOneMessage(runner: FakeRunner): Promise<unknown[]> {
  const stage = new Stage(runner);
  const input = stage.source(bytesCoder);
  const output = stage.parDo(input, "parse", { doFn: "parse message", output: messageCoder });
  stage.sink(output);
  const message = PubsubMessage.encode({ data: Buffer.from("hi"), messageId: "m1" }).finish();
  const bundle = runner.bundle("stage");
  bundle.send("source", encode(input, [element(message, { timestamp: 1_234 })]), true);
  await bundle.done;
  return values(bundle, output);
}

/** What {@link parseOneMessage} should give. */
export const PARSED = [
  {
    data: new Uint8Array([0x68, 0x69]),
    attributes: {},
    messageId: "m1",
    publishTimeMs: 1_234,
    orderingKey: "",
  },
];
