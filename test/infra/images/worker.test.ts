import path from "node:path";
import { expect, it } from "vitest";
import { PARSED, parseOneMessage, startContainer } from "../../support/contract.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import { AS_LINKED, imageFile, layOut } from "../../support/image.ts";
import { tempFolder } from "../../support/temp-folder.ts";

it("the worker's image has all that the worker needs", async () => {
  const file = imageFile("worker");
  const root = tempFolder();
  layOut(file, root);
  const [node, entry = "", ...rest] = file.image?.entrypoint ?? [];
  expect([node, rest]).toEqual(["node", []]);

  const runner = await FakeRunner.start();
  runner.provision = { controlEndpoint: { url: runner.url }, loggingEndpoint: { url: runner.url } };
  const { exited } = startContainer([
    ...AS_LINKED,
    path.join(root, entry),
    "--id=i1",
    `--provision_endpoint=${runner.url}`,
  ]);
  const parsed = parseOneMessage(runner);
  expect(await Promise.race([parsed, exited])).toEqual(PARSED);
  await runner.endControl();
  (await runner.dataCall()).end();
  expect(await exited).toEqual([0, null]);
  runner.stop();
});
