import { signal } from "@preact/signals";

const STORED = "freshet.api-key";

/** The API key, or ID token, that requests are sent with; empty: none. It is kept for this tab, until it is closed. */
export const apiKey = signal(sessionStorage.getItem(STORED) ?? "");

/** Whether the server asked for a key, or for another one. */
export const locked = signal(false);

/** Keeps a key for this tab. Empty: forgets it. */
export function keepKey(key: string): void {
  if (key === "") sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, key);
  apiKey.value = key;
  locked.value = false;
}

/** A field that the server found wrong: a JSON pointer or a parameter's name, and what would be right. */
export interface FieldFault {
  readonly field: string;
  readonly detail: string;
}

/** Thrown for an answer that is none, with what the server's problem document says. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  /** HTTP status; 0: the server can't be reached. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: readonly FieldFault[];

  constructor(status: number, code: string, title: string, detail: string, errors: readonly FieldFault[]) {
    super(detail);
    this.status = status;
    this.code = code;
    this.title = title;
    this.errors = errors;
  }
}

interface ProblemBody {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldFault[];
}

/**
 * Asks the server.
 * @param path relative to the page: `api/catalog`, `../v1/services/fraud:read`
 * @throws ApiProblem; an `AbortError` where the caller gave up
 */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (apiKey.peek() !== "") headers.set("Authorization", `Bearer ${apiKey.peek()}`);
  let response: Response;
  try {
    response = await fetch(new URL(path, document.baseURI), { ...init, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(
      0,
      "unreachable",
      "The server does not answer",
      "Is it still running? The console asks again by itself.",
      [],
    );
  }
  if (response.ok) return response;
  if (response.status === 401) locked.value = true;
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  throw new ApiProblem(
    response.status,
    body.code ?? "unknown",
    body.title ?? `HTTP ${String(response.status)}`,
    body.detail ?? response.statusText,
    body.errors ?? [],
  );
}

/** @throws ApiProblem */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

/** @throws ApiProblem */
export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
  return (await response.json()) as T;
}
