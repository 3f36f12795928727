import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Transform } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** How a {@link TcpProxy} treats connections. */
export type ProxyMode =
  /** Hands everything on. */
  | "open"
  /** Hands on what goes to the service at {@link SLOW_BYTES_PER_SECOND}, over all connections. */
  | "slow"
  /** Ends connections and refuses new ones (they are reset): a service that is down. */
  | "cut"
  /** Keeps connections, accepts new ones, hands nothing on: a network that swallows everything. */
  | "blackhole";

/** What a slow service takes, bytes a second: some dozens of rows. */
const SLOW_BYTES_PER_SECOND = 10_000;

/** A TCP proxy on loopback, for faults of a service that would forget its data if it were killed. */
export interface TcpProxy {
  /** `host:port` to connect to. */
  readonly address: string;
  /** Changes how connections, present and new, are treated. What a black hole kept back flows once it is open. */
  setMode(mode: ProxyMode): void;
  /** Bytes that went to the service so far, through whatever mode. */
  readonly passed: number;
  /**
   * Hands on so many more bytes to the service, then resets the connection in the middle of what it carries.
   * Connections made after that are open. Resolves when it has happened.
   */
  cutAfter(bytes: number): Promise<void>;
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
  let passed = 0;
  let cut: { left: number; readonly done: () => void } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** What all that goes to the service passes. */
  const gate = (pair: () => Pair) =>
    new Transform({
      transform(chunk: Buffer, _encoding, handOn) {
        const cutting = cut;
        if (cutting && chunk.length >= cutting.left) {
          cut = undefined;
          passed += cutting.left;
          this.push(chunk.subarray(0, cutting.left));
          setImmediate(() => {
            treat(pair(), "cut");
            cutting.done();
          });
          return; // the rest is lost with the connection
        }
        if (cutting) cutting.left -= chunk.length;
        passed += chunk.length;
        if (mode !== "slow") {
          handOn(null, chunk);
          return;
        }
        turn = turn
          .then(() => setTimeout((chunk.length / SLOW_BYTES_PER_SECOND) * 1_000))
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
    const pair: Pair = { client, service, gate: gate(() => pair) };
    pairs.add(pair);
    pair.gate.pipe(service);
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
    setMode: (next) => {
      mode = next;
      for (const pair of pairs) treat(pair, next);
    },
    get passed() {
      return passed;
    },
    cutAfter: (bytes) =>
      new Promise((resolve) => {
        cut = { left: bytes, done: resolve };
      }),
    close: async () => {
      for (const pair of pairs) treat(pair, "cut");
      await new Promise((resolve) => server.close(resolve));
    },
  };
  if (withinTest) onTestFinished(() => proxy.close());
  return proxy;
}

/** A connection: from the client by way of the gate to the service, and straight back. */
interface Pair {
  readonly client: Socket;
  readonly service: Socket;
  readonly gate: Transform;
}

function treat({ client, service, gate }: Pair, mode: ProxyMode): void {
  client.unpipe(gate);
  service.unpipe(client);
  switch (mode) {
    case "open":
    case "slow":
      client.pipe(gate);
      service.pipe(client);
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
