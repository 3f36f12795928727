/** Takes OpenTelemetry's spans over HTTP on loopback, as a collector does. */
import { httpServer } from "./http-server.ts";

/** A span as OTLP writes it in JSON; ids in hex. @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly events: readonly { readonly name: string }[];
  readonly links: readonly { readonly spanId: string }[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: Pick<OtlpSpan, "attributes">;
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Starts a receiver that ends with the running test. */
export async function otlpReceiver() {
  const bodies: string[] = [];
  const base = await httpServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const isForTraces = request.url === "/v1/traces";
      if (isForTraces) bodies.push(text);
      response.writeHead(isForTraces ? 200 : 404, { "Content-Type": "application/json" }).end("{}");
    });
  });
  const received = () => bodies.flatMap((body) => (JSON.parse(body) as OtlpBody).resourceSpans);
  return {
    base,
    /** What came, as text. */
    text: () => bodies.join("\n"),
    /** Who sent. */
    resources: () => received().map(({ resource }) => attributesOf(resource)),
    spans: () => received().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  };
}

/** Attributes by their names; OTLP wraps each value in an object that names its type. */
export function attributesOf({ attributes }: Pick<OtlpSpan, "attributes">): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));
}
