/** A worker for the views of `short-lived.ts`: takes the options of `freshet worker`. */
import { workerCommand } from "../../pipeline/commands/worker.ts";
import { shortLived } from "./short-lived.ts";

await workerCommand(shortLived).parseAsync();
