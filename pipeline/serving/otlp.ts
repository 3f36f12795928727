import { setTimeout } from "node:timers/promises";
import { context, diag, DiagLogLevel, propagation, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type TracerConfig,
} from "@opentelemetry/sdk-trace-node";
import { messageOf } from "../core/error-message.ts";

/** How long what is left may take at the end, ms: the exporter itself would try for ten seconds. */
const LAST_MS = 3_000;

/** Where spans go, and how many. */
export interface OtlpOptions {
  /** Where they are posted as JSON: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** What the process is called in a trace. */
  readonly serviceName: string;
  /**
   * The part of the traces that begin here, 0 to 1; of a caller's trace the caller has decided.
   * @default what `OTEL_TRACES_SAMPLER` says, else all
   */
  readonly fraction?: number;
  /** Called with what a sending failed by. The spans are lost then; the server goes on. */
  readonly onFailure: (message: string) => void;
}

/**
 * Registers OpenTelemetry's SDK in this process: from now on, spans are sent in batches. The exporter itself reads
 * `OTEL_EXPORTER_OTLP_HEADERS` and what else the specification has of that kind.
 * @returns sends what is left, and takes the SDK away again
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
export function startOtlp({ url, serviceName, fraction, onFailure }: OtlpOptions): () => Promise<void> {
  const tell = (message: string) => onFailure(`spans are lost: ${messageIn(message)}`);
  const nothing = () => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const provider = new NodeTracerProvider({
    resource: named(serviceName),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
    ...(fraction !== undefined && {
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(fraction) }),
    }),
  });
  provider.register();
  return async () => {
    const sent = provider.shutdown().catch((error: unknown) => tell(messageOf(error)));
    await Promise.race([sent, setTimeout(LAST_MS, undefined, { ref: false })]);
    for (const api of [trace, context, propagation, diag]) api.disable();
  };
}

/** The package that makes resources is none of ours, and one name needs no package. */
function named(serviceName: string): NonNullable<TracerConfig["resource"]> {
  const attributes = { "service.name": serviceName };
  return { attributes, getRawAttributes: () => Object.entries(attributes), merge: () => named(serviceName) };
}

/** The SDK tells of an error by all its properties as JSON, the stack among them. */
function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}
