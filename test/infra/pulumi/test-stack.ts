import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  type EngineEvent,
  LocalWorkspace,
  type PulumiFn,
  PulumiCommand,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { type PulumiCli, pulumiEnvironment } from "../../../infra/local/install/pulumi.ts";

/** Where the engine finds the provider for tests. */
export const PLUGIN = fileURLToPath(new URL("plugin", import.meta.url));

/** Steps that the engine takes or would take, other than leaving things as they are: `create bigtable.Table features_user`. */
export type Steps = readonly string[];

/** A stack under Pulumi's engine: its state and its cloud are folders. */
export class TestStack {
  readonly #stack: Stack;
  /** What the provider for tests keeps. */
  readonly cloud: string;

  private constructor(stack: Stack, cloud: string) {
    this.#stack = stack;
    this.cloud = cloud;
  }

  /** @param folder an empty one */
  static async create(cli: PulumiCli, folder: string): Promise<TestStack> {
    const cloud = path.join(folder, "cloud");
    const workDir = path.join(folder, "work");
    for (const each of [cloud, workDir, path.join(folder, "state")]) mkdirSync(each, { recursive: true });
    const program = () => Promise.resolve();
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "freshet", program },
      { workDir, pulumiCommand: await commandOf(cli), envVars: testEnvironment(cli, folder) },
    );
    return new TestStack(stack, cloud);
  }

  async configure(values: Readonly<Record<string, string>>): Promise<void> {
    await this.#stack.setAllConfig(
      Object.fromEntries(Object.entries(values).map(([k, value]) => [k, { value }])),
    );
  }

  /** @throws Error with what the engine and the provider said */
  async up(program: PulumiFn): Promise<Steps> {
    this.#stack.workspace.program = program;
    const steps = new StepLog();
    await this.#stack.up({ onEvent: steps.add, color: "never" });
    return steps.taken;
  }

  async preview(program: PulumiFn): Promise<Steps> {
    this.#stack.workspace.program = program;
    const steps = new StepLog();
    await this.#stack.preview({ onEvent: steps.add, color: "never" });
    return steps.taken;
  }

  /** As the CLI does: first a preview, which refuses before anything is gone. */
  async destroy(): Promise<void> {
    await this.#stack.previewDestroy({ color: "never" });
    await this.#stack.destroy({ color: "never" });
  }

  /** Makes the provider fail to create a resource of this name; `undefined`: none. */
  failAt(name: string | undefined): void {
    this.#stack.workspace.envVars["FAKE_GCP_FAILING"] = name ?? "";
  }

  /** Inputs in the stack's state, by the resource's name and type: `topic pubsub.Topic`. */
  async inputs(): Promise<Map<string, Readonly<Record<string, unknown>>>> {
    const state = (await this.#stack.exportStack()) as { deployment: { resources?: StateResource[] } };
    const { resources = [] } = state.deployment;
    return new Map(resources.map(({ urn, inputs = {} }) => [nameOf(urn), inputs]));
  }
}

interface StateResource {
  readonly urn: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** The environment of every run of the engine: nothing of the user's own Pulumi is read or written. */
export function testEnvironment(cli: PulumiCli, folder: string): Record<string, string> {
  const env = pulumiEnvironment(cli, process.env);
  return {
    PATH: [PLUGIN, env["PATH"] ?? ""].join(path.delimiter),
    PULUMI_HOME: path.join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${path.join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    FAKE_GCP_CLOUD: path.join(folder, "cloud"),
  };
}

/** The SDK takes a CLI by the folder above its `bin`, or from PATH. */
async function commandOf({ executable }: PulumiCli): Promise<PulumiCommand> {
  const bin = path.dirname(executable);
  return path.basename(bin) === "bin" ? PulumiCommand.get({ root: path.dirname(bin) }) : PulumiCommand.get();
}

/** Collects steps from the engine's events: in a run they come twice, before and after. */
class StepLog {
  readonly #steps = new Set<string>();

  readonly add = ({ resourcePreEvent, resOutputsEvent }: EngineEvent): void => {
    const metadata = resourcePreEvent?.metadata ?? resOutputsEvent?.metadata;
    if (metadata === undefined || UNCHANGED.has(metadata.op)) return;
    if (metadata.type.startsWith("gcp:")) this.#steps.add(`${metadata.op} ${nameOf(metadata.urn)}`);
  };

  get taken(): Steps {
    return [...this.#steps].sort();
  }
}
// a replacement comes as three: itself, and its two halves
const UNCHANGED = new Set<string>(["same", "read", "refresh", "create-replacement", "delete-replaced"]);

/** `urn:pulumi:test::freshet::freshet:infra:OnlineStore$gcp:bigtable/table:Table::features_user` → `bigtable.Table features_user`. */
function nameOf(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  const [, module = "", kind = ""] = types.split("$").at(-1)?.split(":") ?? [];
  return `${module.split("/")[0] ?? ""}.${kind} ${name}`;
}
