import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { FreshetError } from "../core/errors.ts";
import { Problem } from "./problem.ts";

/*
 * Spans by OpenTelemetry's API alone, which does nothing where no SDK is registered: see otlp.ts. They tell of counts,
 * names of the project's own, and codes; never of keys, requests or values, and no error's message.
 */

const SCOPE = "freshet";
/** The spans that the next one to begin links to. */
const LINKED = createContextKey("freshet.linked");

/**
 * Does work, now or as a promise, inside a span, which is the parent of the spans that the work begins. An error that the
 * work ends by marks the span by its code.
 * @param [parent] what the span is a child of: the span that is active
 */
export function inSpan<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => T,
  parent: Context = context.active(),
): T {
  const linked = (parent.getValue(LINKED) ?? []) as readonly SpanContext[];
  const links = linked.map((each) => ({ context: each }));
  const span = trace.getTracer(SCOPE).startSpan(name, { ...options, links }, parent);
  const failed = (error: unknown): never => {
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", kindOf(error));
    span.end();
    throw error;
  };
  let result: T;
  try {
    result = context.with(trace.setSpan(parent.deleteValue(LINKED), span), () => work(span));
  } catch (error) {
    return failed(error);
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  const done = (value: unknown): unknown => {
    span.end();
    return value;
  };
  return result.then(done, failed) as T;
}

/**
 * Does work that is of several requests at once: a span that it begins is a part of the first of them that is traced, and
 * links to the others.
 * @param sharers the requests' spans; `undefined` for those that have none
 */
export function forSharers<T>(sharers: readonly (SpanContext | undefined)[], work: () => T): T {
  const [first, ...others] = new Set(sharers.filter(isSampled));
  if (first === undefined) return work();
  return context.with(trace.setSpanContext(ROOT_CONTEXT, first).setValue(LINKED, others), work);
}

function isSampled(span: SpanContext | undefined): span is SpanContext {
  return span !== undefined && (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** A request as its span tells of it. */
export interface TracedRequest {
  /** The path's pattern; empty where there is none. */
  readonly route: string;
  /** Empty where none is known. */
  readonly service: string;
  readonly status: number;
}

/** Answers a request inside a span, as a part of the caller's trace where its `traceparent` names one. */
export function inRequestSpan(
  method: string,
  headers: Headers,
  work: () => Promise<TracedRequest>,
): Promise<void> {
  const options = { kind: SpanKind.SERVER, attributes: { "http.request.method": method } };
  const answer = async (span: Span): Promise<void> => {
    const { route, service, status } = await work();
    span.setAttribute("http.response.status_code", status);
    if (route !== "") span.updateName(`${method} ${route}`).setAttribute("http.route", route);
    if (service !== "") span.setAttribute("freshet.service", service);
    // A refusal is the caller's error, not the server's.
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  };
  return inSpan(method, options, answer, propagation.extract(context.active(), headers, HEADERS));
}

const HEADERS = {
  get: (headers: Headers, name: string) => headers.get(name) ?? undefined,
  keys: (headers: Headers) => [...headers.keys()],
};

/** What a message of an error would tell may be data: its code or class is not. */
function kindOf(error: unknown): string {
  if (error instanceof Problem || error instanceof FreshetError) return error.code;
  return error instanceof Error ? error.name : typeof error;
}
