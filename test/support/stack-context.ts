import type { Endpoints } from "../../infra/local/stack-file.ts";

/** What the end-to-end tests' global set-up provides: `inject("stack")` gives the addresses of the shared stack. */
declare module "vitest" {
  interface ProvidedContext {
    stack: Endpoints;
  }
}
