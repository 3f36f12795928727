import { DurationError, parseDuration } from "../core/duration.ts";
import { DefinitionError, type DefinitionPlace } from "./errors.ts";

/** Versions of a view or a service. */
export const VERSION_RANGE = [1, 99_999] as const;

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/**
 * Checks a name that becomes a table, family or column: snake_case, which every store takes as it is.
 * @throws DefinitionError `bad_name`
 */
export function checkName(place: DefinitionPlace, name: string, maxLength: number): void {
  if (SNAKE_CASE.test(name) && name.length <= maxLength) return;
  const problem = `a name is snake_case (a-z, 0-9, _) and has at most ${maxLength} characters`;
  throw new DefinitionError("bad_name", place, name, problem);
}

/**
 * Reads a duration of a definition.
 * @returns ms
 * @throws DefinitionError `bad_duration`
 */
export function readDuration(place: DefinitionPlace, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new DefinitionError(
      "bad_duration",
      place,
      text,
      'write a whole number and a unit, like "500ms", "30m", "1h"',
    );
  }
}

/**
 * Checks a count that a definition sets.
 * @throws DefinitionError with the given code
 */
export function checkInteger(
  code: "bad_version" | "bad_shards" | "bad_limit",
  place: DefinitionPlace,
  value: number,
  [least, most]: readonly [number, number],
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new DefinitionError(code, place, value, `it must be a whole number from ${least} to ${most}`);
}
