import { describe, expect, it } from "vitest";
import { freshet } from "../support/freshet.ts";

/* The command line as a user meets it when something is wrong: one sentence, what to do, an exit code. */
const NO_STACK = ["--run-dir", "/nonexistent/run"];

describe("freshet", () => {
  it("shows its commands, and each command its options", async () => {
    const { code, out } = await freshet(["--help"]);
    expect(code).toBe(0);
    for (const name of [
      "start",
      "run",
      "stack",
      "status",
      "publish",
      "get",
      "sql",
      "parity",
      "explain",
      "training-set",
      "dead-letters",
      "replay",
      "emit",
      "submit",
      "doctor",
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    }
    expect(await freshet(["replay", "--help"])).toMatchObject({ code: 0 });
  });

  it.each([
    ["an unknown command", ["nope"], "unknown command 'nope'"],
    ["an unknown option", ["get", "--nope", "user_purchases", "u1"], "unknown option '--nope'"],
    ["a missing argument", ["get", "user_purchases"], "missing required argument 'key'"],
    ["a bad number", ["start", "--rate", "fast"], "write a number above 0"],
    ["a bad duration", ["start", "--for", "soon"], 'like "10s"'],
    ["a bad time", ["get", "user_purchases", "u1", "--at", "noon"], "RFC 3339"],
    ["a replay without an answer's place", ["replay", "x.ndjson"], "--out"],
  ])("refuses %s with exit code 2", async (_what, args, sentence) => {
    const { code, err } = await freshet(args);
    expect(err).toContain(sentence);
    expect(code).toBe(2);
  });

  it.each([
    ["no endpoints", ["get", "user_purchases", "u1", ...NO_STACK], "no local stack runs here"],
    [
      "half the endpoints",
      ["sql", "SELECT 1", "--project", "p", ...NO_STACK],
      "needs --instance and --dataset",
    ],
    ["an unknown view", ["get", "nope", "u1", ...NO_STACK], "user_purchases v1"],
    ["no recording", ["replay", "/nonexistent.ndjson", "--out", "/tmp/x"], "there is no recording"],
    ["nothing to publish", ["publish", ...NO_STACK], "give either an event as JSON, or --file"],
    ["no JSON to publish", ["publish", "{", ...NO_STACK], "is no JSON object"],
    [
      "nowhere to run",
      ["run", "--project", "p", "--instance", "i", "--dataset", "d", ...NO_STACK],
      "--job-service",
    ],
  ])("says what is wrong with %s in one line, with exit code 1", async (_what, args, sentence) => {
    const { code, err, out } = await freshet(args);
    expect(err).toContain(sentence);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(out).toBe("");
    expect(code).toBe(1);
  });
});
