import { Command } from "commander";
import { services } from "../features/services.ts";
import { addStoreOptions, storesOf } from "../options.ts";
import { startFeatureServer } from "../serving/feature-server.ts";
import { closeClients } from "../stores/clients.ts";
import { consolePage } from "./console-page.ts";
import { untilInterrupted } from "./interrupt.ts";
import { note, say } from "./output.ts";
import { addServeOptions, LOOPBACK_HOSTS, optionalParts, type ServeFlags } from "./serve-options.ts";

/** `freshet serve`: the feature server. */
export function serveCommand(): Command {
  const command = new Command("serve").description(
    "Serve feature vectors over HTTP: POST /v1/services/NAME:read, contract at /openapi.json.",
  );
  return addStoreOptions(addServeOptions(command)).action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const parts = await optionalParts(flags);
  const page = await consolePage(flags.console, LOOPBACK_HOSTS.has(flags.host));
  const server = await startFeatureServer({
    services,
    stores: await storesOf(flags),
    host: flags.host,
    port: flags.port,
    limits: { keys: flags.maxKeys, bodyBytes: 1_048_576, deadlineMs: flags.deadline },
    admission: { concurrent: flags.maxConcurrent, queued: flags.maxQueue },
    logFraction: flags.logVectors,
    accessLog: flags.accessLog ?? false,
    write: note,
    ...(page !== undefined && {
      console: { page, changes: flags.consoleChanges ?? LOOPBACK_HOSTS.has(flags.host) },
    }),
    ...parts,
  });
  say(
    `serving ${services.all.map(({ name, version }) => `${name}@${String(version)}`).join(", ")} at ${server.url}`,
  );
  if (page !== undefined) say(`console at ${server.url}/console/`);
  await untilInterrupted();
  note("draining");
  await server.stop(flags.drain);
  await closeClients();
}
