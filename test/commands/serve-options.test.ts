import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { addServeOptions, optionalParts, type ServeFlags } from "../../pipeline/commands/serve-options.ts";

function parts(...args: string[]) {
  const command = addServeOptions(
    new Command("serve").exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  return optionalParts(command.parse(args, { from: "user" }).opts<ServeFlags>());
}

describe("who may ask", () => {
  it("is everybody on this machine, and nobody else unless it is said", async () => {
    expect(await parts()).toEqual({});
    await expect(parts("--host", "0.0.0.0")).rejects.toMatchObject({ code: "open_server" });
    expect(await parts("--host", "0.0.0.0", "--allow-unauthenticated")).toEqual({});
    await expect(parts("--api-keys-file", "/nowhere")).rejects.toThrow("/nowhere can't be read");
  });

  it("is who has a token of an account for an audience: both have to be named", async () => {
    const audience = ["--id-token-audience", "https://a.example.com, b"];
    const accounts = ["--allowed-accounts", "x@example.com,y@example.com"];
    expect(await parts("--host", "0.0.0.0", ...audience, ...accounts)).toEqual({
      idTokens: { audiences: ["https://a.example.com", "b"], accounts: ["x@example.com", "y@example.com"] },
    });
    await expect(parts(...audience)).rejects.toThrow("--id-token-audience needs --allowed-accounts");
    await expect(parts(...accounts)).rejects.toThrow("--allowed-accounts needs --id-token-audience");
    await expect(parts(...audience, "--allowed-accounts", " ,")).rejects.toMatchObject({
      code: "bad_id_token_options",
    });
  });
});

describe("traces", () => {
  it("go to an endpoint's path for them, or to the one that is named whole", async () => {
    const tracing = { serviceName: "freshet" };
    const url = "http://127.0.0.1:4318/v1/traces";
    for (const endpoint of ["http://127.0.0.1:4318", "http://127.0.0.1:4318/"])
      expect(await parts("--otlp-endpoint", endpoint)).toEqual({ tracing: { ...tracing, url } });
    const whole = ["--otlp-endpoint", "http://x.example", "--otlp-traces-endpoint", "http://y.example/t"];
    expect(await parts(...whole, "--trace-sampling", "0.1")).toEqual({
      tracing: { ...tracing, url: "http://y.example/t", fraction: 0.1 },
    });
  });
});

it.each([
  ["--otlp-endpoint", "127.0.0.1:4318", "write a URL"],
  ["--trace-sampling", "2", "write a number from 0 to 1"],
  ["--hedge-after", "10", 'write a duration like "10ms", or p95'],
])("%s %s says what would be right", (option, value, message) => {
  expect(() => parts(option, value)).toThrow(message);
});

it("a late read is told by a duration or by what is usual", async () => {
  expect(await parts("--hedge-after", "10ms")).toEqual({ hedgeAfter: 10 });
  expect(await parts("--hedge-after", "p95")).toEqual({ hedgeAfter: "p95" });
});
