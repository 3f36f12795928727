import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Transform } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** How a {@link TcpProxy} treats connections. */
export type ProxyMode =
  /** Hands everything on. */
  | "open"
  /** Hands on what goes to the service at some bytes a second, over all connections. */
  | "slow"
  /** Ends connections and refuses new ones (they are reset): a service that is down. */
  | "cut"
  /** Keeps connections, accepts new ones, hands nothing on: a network that swallows everything. */
  | "blackhole";

/** What a slow service takes unless said otherwise, bytes a second: some dozens of rows. */
const SLOW_BYTES_PER_SECOND = 10_000;

/** Which way bytes go: to the service, or back. */
export type Side = "request" | "answer";

/** A TCP proxy on loopback, for faults of a service that would forget its data if it were killed. */
export interface TcpProxy {
  /** `host:port` to connect to. */
  readonly address: string;
  /**
   * Changes how connections, present and new, are treated. What a black hole kept back flows once it is open.
   * @param slowTo bytes a second, where the mode is `slow`
   */
  setMode(mode: ProxyMode, slowTo?: number): void;
  /** Bytes that went to the service so far, through whatever mode. */
  readonly passed: number;
  /**
   * Of the next chunk for which `isIt` holds hands on the first half, then resets the connection in the middle of what it
   * carries. Connections made after that are open. Resolves when it has happened.
   * @param isIt asked of each chunk, in the order in which they come, with the way that it goes
   */
  cutIn(isIt: (chunk: Buffer, side: Side) => boolean): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a proxy to `target` (`host:port`). Within a test it closes by itself when the test is over.
 * @param withinTest false where a hook starts it, which must close it then
 */
export async function tcpProxy(target: string, withinTest = true): Promise<TcpProxy> {
  const [host = "", port = ""] = target.split(":");
  const pairs = new Set<Pair>();
  let mode: ProxyMode = "open";
  let bytesPerSecond = SLOW_BYTES_PER_SECOND;
  let passed = 0;
  let cut: { readonly isIt: (chunk: Buffer, side: Side) => boolean; readonly done: () => void } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** What all that goes one way passes. */
  const gate = (side: Side, pair: () => Pair) =>
    new Transform({
      transform(chunk: Buffer, _encoding, handOn) {
        const cutting = cut?.isIt(chunk, side) ? cut : undefined;
        const bytes = cutting ? chunk.length >> 1 : chunk.length;
        if (side === "request") passed += bytes;
        if (cutting) {
          cut = undefined;
          this.push(chunk.subarray(0, bytes));
          setImmediate(() => {
            treat(pair(), "cut");
            cutting.done();
          });
          return; // the rest is lost with the connection
        }
        if (mode !== "slow" || side === "answer") {
          handOn(null, chunk);
          return;
        }
        turn = turn
          .then(() => setTimeout((bytes / bytesPerSecond) * 1_000))
          .then(() => {
            handOn(null, chunk);
          });
      },
    });

  const server = createServer((client) => {
    if (mode === "cut") {
      client.resetAndDestroy();
      return;
    }
    const service = connect({ host, port: Number(port) });
    const pair: Pair = {
      client,
      service,
      requests: gate("request", () => pair),
      answers: gate("answer", () => pair),
    };
    pairs.add(pair);
    pair.requests.pipe(service);
    pair.answers.pipe(client);
    for (const [from, to] of [[client, service] as const, [service, client] as const]) {
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
    treat(pair, mode);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const proxy: TcpProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    setMode: (next, slowTo = SLOW_BYTES_PER_SECOND) => {
      mode = next;
      bytesPerSecond = slowTo;
      for (const pair of pairs) treat(pair, next);
    },
    get passed() {
      return passed;
    },
    cutIn: (isIt) =>
      new Promise((resolve) => {
        cut = { isIt, done: resolve };
      }),
    close: async () => {
      for (const pair of pairs) treat(pair, "cut");
      await new Promise((resolve) => server.close(resolve));
    },
  };
  if (withinTest) onTestFinished(() => proxy.close());
  return proxy;
}

/** A connection: from the client by way of a gate to the service, and back by another. */
interface Pair {
  readonly client: Socket;
  readonly service: Socket;
  readonly requests: Transform;
  readonly answers: Transform;
}

function treat({ client, service, requests, answers }: Pair, mode: ProxyMode): void {
  client.unpipe(requests);
  service.unpipe(answers);
  switch (mode) {
    case "open":
    case "slow":
      client.pipe(requests);
      service.pipe(answers);
      break;
    case "blackhole":
      client.pause();
      service.pause();
      break;
    case "cut":
      client.resetAndDestroy();
      service.destroy();
      break;
  }
}
