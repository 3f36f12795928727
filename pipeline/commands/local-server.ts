import { claimPort, LOOPBACK } from "../../infra/local/ports.ts";
import { services } from "../features/services.ts";
import type { JobSource } from "../serving/console/live-reader.ts";
import { type FeatureServer, startFeatureServer } from "../serving/feature-server.ts";
import type { StoreEndpoints } from "../stores/endpoints.ts";
import { consolePage } from "./console-page.ts";
import { note } from "./output.ts";

const USUAL_PORT = 8080;
/** A laptop that runs everything may take long: nobody's checkout waits for it. */
const DEADLINE_MS = 5_000;

/**
 * The feature server of a local stack, with the console. What it can't have is said, and it goes on without: the pipeline
 * needs neither.
 * @param port undefined: the usual one, or a free one where that is taken
 * @throws ListenError where the port asked for is taken
 */
export async function startLocalServer(
  stores: StoreEndpoints,
  port: number | undefined,
  job: JobSource,
): Promise<FeatureServer> {
  const page = await consolePage(undefined, true);
  return startFeatureServer({
    services,
    stores,
    host: LOOPBACK,
    port: port ?? (await claimPort("the feature server", USUAL_PORT).catch(() => 0)),
    limits: { keys: 1_000, bodyBytes: 1_048_576, deadlineMs: DEADLINE_MS },
    admission: { concurrent: 128, queued: 256 },
    logFraction: 0,
    accessLog: false,
    ...(page !== undefined && { console: { page, job, changes: true } }),
    write: note,
  });
}
