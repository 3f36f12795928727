/** A server-sent event. */
export interface ServerEvent {
  /** `message` where the server named none. */
  readonly name: string;
  readonly data: string;
}

/**
 * Reads server-sent events from a response's body: the browser's own `EventSource` sends no headers, and a key has to
 * be sent.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const event = parse(block);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parse(block: string): ServerEvent | undefined {
  const fields = block.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line));
  const of = (name: string) => fields.filter((field) => field?.[1] === name).map((field) => field?.[2] ?? "");
  const data = of("data");
  return data.length === 0 ? undefined : { name: of("event").at(-1) ?? "message", data: data.join("\n") };
}
