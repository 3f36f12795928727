import { expect, it } from "vitest";
import { listen } from "../../pipeline/serving/server.ts";

it("lets a request under way end, takes no other, and closes", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<undefined>();
  const { promise: answer, resolve: give } = Promise.withResolvers<undefined>();
  const server = await listen(
    async () => {
      arrive(undefined);
      await answer;
      return new Response("done");
    },
    "127.0.0.1",
    0,
  );
  const asked = fetch(server.url);
  await arrived;
  const stopped = server.stop(60_000);
  await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  give(undefined);
  expect(await (await asked).text()).toBe("done");
  await stopped;
});

it("gives up on a request that outlasts the grace", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<undefined>();
  const server = await listen(
    () => {
      arrive(undefined);
      return new Promise<Response>(() => undefined);
    },
    "127.0.0.1",
    0,
  );
  const asked = fetch(server.url);
  await arrived;
  await server.stop(1);
  await expect(asked).rejects.toThrow("fetch failed");
});

it("says what to do where it can't listen", async () => {
  const first = await listen(() => new Response(), "127.0.0.1", 0);
  const port = Number(new URL(first.url).port);
  const second = listen(() => new Response(), "127.0.0.1", port);
  await expect(second).rejects.toMatchObject({ code: "cannot_listen", fields: { port } });
  await expect(second).rejects.toThrow("choose another --port");
  await first.stop(0);
});
