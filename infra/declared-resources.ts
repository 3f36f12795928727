import * as pulumi from "@pulumi/pulumi";

/** A resource that a program declares: what would be asked of Google, without asking. */
export interface DeclaredResource {
  /** Pulumi's type: `gcp:pubsub/topic:Topic`. */
  readonly type: string;
  readonly name: string;
  /** Name of the component that it belongs to; a component has none. */
  readonly part: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** Whether it stays in the cloud when it is no longer declared. */
  readonly retainOnDelete: boolean;
}

/** What Google would fill in, for those outputs that other resources are made from. */
export type Answers = Pick<pulumi.runtime.Mocks, "call" | "newResource">;

type Options = Pick<DeclaredResource, "part" | "protect" | "retainOnDelete">;

/**
 * Runs a program against nothing, and notes what it declares, in an order of no meaning. One at a time: Pulumi's
 * SDK keeps its settings in the process.
 */
export async function declaredResources(
  stack: string,
  program: () => Promise<object>,
  answers: Answers = googleLike,
): Promise<DeclaredResource[]> {
  const options = new Map<string, Options>();
  const declared: Omit<DeclaredResource, keyof Options>[] = [];
  const newResource = (args: pulumi.runtime.MockResourceArgs) => {
    const { type, name } = args;
    declared.push({ type, name, inputs: unwrapped(args.inputs as Record<string, unknown>) });
    return answers.newResource(args);
  };
  await pulumi.runtime.setMocks({ newResource, call: (args) => answers.call(args) }, "freshet", stack, false);
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type} ${name}`, optionsOf(opts));
      return undefined;
    });
    return await program();
  });
  await pulumi.runtime.disconnect();
  return declared
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .map((resource) => ({
      ...resource,
      ...(options.get(`${resource.type} ${resource.name}`) ?? optionsOf({})),
    }));
}

function optionsOf({ parent, protect, ...opts }: pulumi.CustomResourceOptions): Options {
  return {
    part: parent instanceof pulumi.ComponentResource ? nameOf(parent) : undefined,
    protect: protect ?? false,
    retainOnDelete: opts.retainOnDelete ?? false,
  };
}

/** Secrets as the values that they hold. */
function unwrapped(inputs: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, input]) => [
      key,
      pulumi.runtime.isRpcSecret(input) ? (pulumi.runtime.unwrapRpcSecret(input) as unknown) : input,
    ]),
  );
}

/** A component's logical name; of the stack itself none. */
function nameOf(resource: pulumi.Resource): string | undefined {
  const { __name: name } = resource as unknown as { readonly __name?: string };
  return name;
}

/** Ids, e-mail addresses and names as Google gives them. */
const googleLike: Answers = {
  newResource({ type, name, inputs }) {
    const given = inputs as Record<string, string>;
    const state: Record<string, unknown> = { ...given };
    const account = (email: string) => Object.assign(state, { email, member: `serviceAccount:${email}` });
    if (type === "gcp:serviceaccount/account:Account") {
      account(`${given["accountId"] ?? ""}@${given["project"] ?? ""}.iam.gserviceaccount.com`);
    }
    if (type === "gcp:projects/serviceIdentity:ServiceIdentity") {
      account(`${given["service"] ?? ""}@agents.example`);
    }
    if (type === "gcp:storage/bucketObject:BucketObject") state["outputName"] = given["name"];
    if (type === "gcp:dataflow/job:Job") state["jobId"] = "a-job";
    if (type === "gcp:cloudrunv2/service:Service") state["uri"] = "https://a-service.example";
    return { id: `id of ${given["name"] ?? name}`, state };
  },
  call({ token }) {
    const email = `${token.split(":").at(-1) ?? ""}@agents.example`;
    return { email, member: `serviceAccount:${email}`, number: "123456789012" };
  },
};
