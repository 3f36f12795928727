/** What went wrong in the worker; match on it. */
export type HarnessErrorCode =
  | "transform_failed" // user code threw
  | "not_registered" // the graph names a DoFn, CombineFn or coder that this worker doesn't know
  | "already_registered"
  | "unsupported" // the runner asks for what this worker does not do
  | "protocol" // a message breaks the Fn API
  | "timer_hold" // a timer or its output breaks its hold
  | "output" // an output without a place, a timestamp or a window
  | "state" // user code asks for a state, timer, side input or callback that its transform doesn't declare
  | "runner_gone";

/** Thrown by the worker; `transform` is the unique name of the transform at fault, where there is one. */
export class HarnessError extends Error {
  readonly code: HarnessErrorCode;
  readonly transform: string | undefined;

  constructor(
    code: HarnessErrorCode,
    message: string,
    options: { transform?: string; cause?: unknown } = {},
  ) {
    const { transform, cause } = options;
    super(
      transform === undefined ? message : `${transform}: ${message}`,
      cause === undefined ? {} : { cause },
    );
    this.name = "HarnessError";
    this.code = code;
    this.transform = transform;
  }
}

/**
 * A field that the Fn API requires, which protobuf leaves optional.
 * @throws HarnessError `protocol` where it is missing.
 */
export function required<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null) throw new HarnessError("protocol", `the runner sent no ${what}`);
  return value;
}

/** An error as the runner and the log show it: its stack, and those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`;
}

/** Fails the transform's bundle with user code's error as the cause; an error that already names its transform stays. */
export function transformError(error: unknown, transform: string, method: string): HarnessError {
  if (error instanceof HarnessError && error.transform !== undefined) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HarnessError("transform_failed", `${method} failed: ${message}`, { transform, cause: error });
}
