import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** How a {@link TcpProxy} treats connections. */
export type ProxyMode =
  /** Hands everything on. */
  | "open"
  /** Ends connections and refuses new ones (they are reset): a service that is down. */
  | "cut"
  /** Keeps connections, accepts new ones, hands nothing on: a network that swallows everything. */
  | "blackhole";

/** A TCP proxy on loopback, for faults of a service that would forget its data if it were killed. */
export interface TcpProxy {
  /** `host:port` to connect to. */
  readonly address: string;
  /** Changes how connections, present and new, are treated. What a black hole kept back flows once it is open. */
  setMode(mode: ProxyMode): void;
  close(): Promise<void>;
}

/**
 * Starts a proxy to `target` (`host:port`). Within a test it closes by itself when the test is over.
 * @param withinTest false where a hook starts it, which must close it then
 */
export async function tcpProxy(target: string, withinTest = true): Promise<TcpProxy> {
  const [host = "", port = ""] = target.split(":");
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: ProxyMode = "open";

  const server = createServer((client) => {
    if (mode === "cut") {
      client.resetAndDestroy();
      return;
    }
    const service = connect({ host, port: Number(port) });
    const pair = [client, service] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [service, client] as const]) {
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
    close: async () => {
      for (const pair of pairs) treat(pair, "cut");
      await new Promise((resolve) => server.close(resolve));
    },
  };
  if (withinTest) onTestFinished(() => proxy.close());
  return proxy;
}

function treat([client, service]: readonly [Socket, Socket], mode: ProxyMode): void {
  switch (mode) {
    case "open":
      client.pipe(service);
      service.pipe(client);
      break;
    case "blackhole":
      client.unpipe(service).pause();
      service.unpipe(client).pause();
      break;
    case "cut":
      client.resetAndDestroy();
      service.destroy();
      break;
  }
}
