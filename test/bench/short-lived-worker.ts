/** A worker for the views of `short-lived.ts`: takes the options of `freshet worker`, and tells what is alive in its heap. */
import { workerCommand } from "../../pipeline/commands/worker.ts";
import { logLiveHeap } from "./live-heap.ts";
import { shortLived } from "./short-lived.ts";

logLiveHeap();
await workerCommand(shortLived).parseAsync();
