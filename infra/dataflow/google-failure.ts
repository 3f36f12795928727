/** What a failed call to Google says of itself, whichever client threw it. */
export interface GoogleFailure {
  /** HTTP status; of what never got an answer `undefined`. */
  readonly http: number | undefined;
  /** Why, as Google's error details name it: `SERVICE_DISABLED`. */
  readonly reason: string | undefined;
  /** What the reason is about: `service`, `permission`, `consumer`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Code of the system for what never got an answer: `ECONNREFUSED`. */
  readonly system: string | undefined;
  readonly message: string;
}

interface ErrorBody {
  readonly error?: {
    readonly message?: string;
    readonly details?: readonly { readonly reason?: string; readonly metadata?: Record<string, string> }[];
  };
}

/**
 * Reads an error. The clients throw different classes, and put Google's JSON into the message or take the text out
 * of it.
 */
export function googleFailure(error: unknown): GoogleFailure {
  const { code, status, cause } = (error ?? {}) as { code?: unknown; status?: unknown; cause?: unknown };
  const text = error instanceof Error ? error.message : String(error);
  const body = jsonOf(text)?.error;
  const info = body?.details?.find(({ reason }) => reason !== undefined);
  const http = [code, status].map(Number).find((number) => number >= 400 && number < 600);
  const systemCode = [code, (cause as { code?: unknown } | undefined)?.code].find(
    (given): given is string => typeof given === "string" && /^E[A-Z_]+$/.test(given),
  );
  return {
    http,
    reason: info?.reason,
    metadata: info?.metadata ?? {},
    system: http === undefined ? systemCode : undefined,
    message: (body?.message ?? text).trim(),
  };
}

function jsonOf(text: string): ErrorBody | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start)) as ErrorBody;
  } catch {
    return undefined;
  }
}
