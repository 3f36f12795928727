import { expect, it } from "vitest";
import { httpServer } from "../../support/http-server.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";

it("hands on, cuts, and hands on again", async () => {
  const service = await httpServer((_, response) => response.end("here"));
  const proxy = await tcpProxy(new URL(service).host);
  const ask = async (): Promise<string> => (await fetch(`http://${proxy.address}/`)).text();

  expect(await ask()).toBe("here");
  proxy.setMode("cut");
  await expect(ask()).rejects.toThrow("fetch failed");
  proxy.setMode("open");
  expect(await ask()).toBe("here");
});

it("keeps back in a black hole what flows once it is open", async () => {
  const service = await httpServer((_, response) => response.end("at last"));
  const proxy = await tcpProxy(new URL(service).host);
  proxy.setMode("blackhole");
  const asked = fetch(`http://${proxy.address}/`);
  const first = await Promise.race([asked.then(() => "answered"), fetch(service).then(() => "silence")]);
  expect(first).toBe("silence");
  proxy.setMode("open");
  expect(await (await asked).text()).toBe("at last");
});

it.each(["request", "answer"] as const)("resets a connection in the middle of one %s", async (side) => {
  const asked: string[] = [];
  const service = await httpServer((request, response) => {
    asked.push(request.url ?? "");
    response.end(`answer to ${request.url ?? ""}`);
  });
  const proxy = await tcpProxy(new URL(service).host);
  const ask = async (path: string): Promise<string> => (await fetch(`http://${proxy.address}${path}`)).text();

  const cut = proxy.cutIn((chunk, way) => way === side && chunk.includes("/second"));
  expect(await ask("/first")).toBe("answer to /first");
  await expect(ask("/second")).rejects.toThrow();
  await cut;
  expect(await ask("/second")).toBe("answer to /second");
  expect(asked).toEqual(side === "request" ? ["/first", "/second"] : ["/first", "/second", "/second"]);
});
