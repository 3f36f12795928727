import { ensureConsole } from "../../infra/local/console-build.ts";
import { messageOf } from "../core/error-message.ts";
import { note } from "./output.ts";

/**
 * The folder of the console's page, where there is to be a console.
 * @param asked asked for, it is there or it is an error; not said, it is there if it can be
 * @param usual whether there is one where nothing is said
 * @throws ConsoleBuildError
 */
export async function consolePage(asked: boolean | undefined, usual: boolean): Promise<string | undefined> {
  if (!(asked ?? usual)) return undefined;
  try {
    return await ensureConsole();
  } catch (error) {
    if (asked) throw error;
    note(`${messageOf(error)}; going on without it`);
    return undefined;
  }
}
