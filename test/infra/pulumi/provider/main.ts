import { main, type Provider } from "@pulumi/pulumi/provider/index.js";
import { GCP_VERSION } from "../schema/declarations.ts";
import { FakeGcp } from "./provider.ts";

/*
 * The process that Pulumi's engine starts as the provider `gcp`. FAKE_GCP_CLOUD is the folder of its cloud, and
 * FAKE_GCP_FAILING the name of a resource whose creation fails.
 */

const { FAKE_GCP_CLOUD: folder, FAKE_GCP_FAILING: failing } = process.env;
if (folder === undefined) throw new Error("FAKE_GCP_CLOUD must name a folder");
const gcp = new FakeGcp({ folder, failing });

const provider: Provider = {
  version: GCP_VERSION,
  check: promised((...args: Parameters<FakeGcp["check"]>) => gcp.check(...args)),
  diff: promised((...args: Parameters<FakeGcp["diff"]>) => gcp.diff(...args)),
  create: promised((...args: Parameters<FakeGcp["create"]>) => gcp.create(...args)),
  update: promised((...args: Parameters<FakeGcp["update"]>) => gcp.update(...args)),
  delete: promised((...args: Parameters<FakeGcp["delete"]>) => gcp.delete(...args)),
  read: promised((...args: Parameters<FakeGcp["read"]>) => gcp.read(...args)),
  invoke: promised((...args: Parameters<FakeGcp["invoke"]>) => gcp.invoke(...args)),
};
await main(provider, process.argv.slice(2));

/** The same function, whose value or error comes as a promise. */
function promised<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => Promise<R> {
  return (...args) => new Promise((resolve) => resolve(work(...args)));
}
