import { expect, it } from "vitest";
import { claimPort, claimPorts } from "../../../infra/local/ports.ts";
import { httpServer } from "../../support/http-server.ts";

it("gives every service a port of its own", async () => {
  const ports: number[] = Object.values({ ...(await claimPorts({})) });
  expect(new Set(ports).size).toBe(ports.length);
  expect(Math.min(...ports)).toBeGreaterThan(0);
});

it("says which service wanted a port that is in use", async () => {
  const taken = Number(new URL(await httpServer(() => undefined)).port);
  await expect(claimPorts({ bigtable: taken })).rejects.toMatchObject({
    code: "port_in_use",
    message: expect.stringMatching(new RegExp(`^Port ${taken} for Bigtable is in use: `)) as string,
    fields: { part: "Bigtable", port: taken },
  });
});

it("gives the wanted port where it is free", async () => {
  const free = await claimPort("test");
  expect(await claimPort("test", free)).toBe(free);
});
