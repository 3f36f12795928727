import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import languageRpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import language, { type RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import { version } from "@pulumi/pulumi/version.js";

/*
 * The language host of Node programs, for a Pulumi CLI that was built from source: releases bring their own, which isn't
 * to be had as a Go module. Pulumi's engine starts it, reads its port from the first line, and asks it to run the
 * program; the program itself runs in Pulumi's own SDK. It knows what `preview`, `up` and `destroy` need, and says of
 * everything else that it isn't implemented.
 *
 * @see https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go the official one
 */

/** By this exit code the SDK says that it has told the user already what is wrong. */
const ALREADY_TOLD = 32;
const RUNNER = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run/index.js");

const [engine = ""] = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));

const run: handleUnaryCall<RunRequest, language.RunResponse> = ({ request }, callback) => {
  const child = spawn(process.execPath, argumentsOf(request), {
    stdio: "inherit",
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().getEntryList())),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  });
  child.on("error", (error) => callback(Object.assign(error, { code: status.INTERNAL })));
  child.on("close", (code) => {
    const response = new language.RunResponse();
    if (code === ALREADY_TOLD) response.setBail(true);
    else if (code !== 0) response.setError(`the program ended with exit code ${String(code)}`);
    callback(null, response);
  });
};

/** @see node_modules/@pulumi/pulumi/cmd/run/index.js what it takes */
function argumentsOf(request: RunRequest): string[] {
  const info = request.getInfo();
  const options = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: info?.getProgramDirectory() ?? request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const given = Object.entries(options).filter(([, value]) => value !== "");
  return [
    RUNNER,
    ...given.flatMap(([name, value]) => [`--${name}`, value]),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    info?.getEntryPoint() ?? ".",
    ...request.getArgsList(),
  ];
}

const host: UntypedServiceImplementation = {
  run,
  handshake: (_: unknown, callback: Answer) => callback(null, new language.LanguageHandshakeResponse()),
  // none asked for beforehand: the engine gets a provider when the program first uses it
  getRequiredPackages: (_: unknown, callback: Answer) =>
    callback(null, new language.GetRequiredPackagesResponse()),
  getPluginInfo: (_: unknown, callback: Answer) => {
    const info = new plugin.PluginInfo();
    info.setVersion(version);
    callback(null, info);
  },
};
type Answer = (error: null, response: unknown) => void;

const server = new Server();
server.addService(languageRpc.LanguageRuntimeService, host);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
