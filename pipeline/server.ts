#!/usr/bin/env node
import { serveCommand } from "./commands/serve.ts";
import { runToExit } from "./commands/program.ts";

/*
 * The entry point of the feature server's image: `freshet serve` and nothing else, with the same options.
 *
 *     server.ts --host 0.0.0.0 --allow-unauthenticated --project … --instance … --dataset …
 */

await runToExit(() => serveCommand().exitOverride().parseAsync());
