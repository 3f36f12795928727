/** Stores that fail on demand and are the emulators otherwise: real servers on loopback, in front of them. */
import type { status } from "@grpc/grpc-js";
import { type GrpcAction, type EntryCode, scriptedBigtable } from "./scripted-grpc.ts";
import { type HttpAction, scriptedHttp } from "./scripted-http.ts";

/** A store in front of which faults wait, one for each write. */
export interface FaultyStore<Fault> extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  /** Answers to the next writes, in turn; once there are none, the emulator answers. */
  readonly next: Fault[];
  /** Answers, in turn and again and again, to each write that carries a row of this key. */
  poison: { readonly key: string; readonly faults: readonly Fault[] } | undefined;
}

/** An error of a whole MutateRows call, or of each of its entries. */
export type BigtableFault = { readonly call: status } | { readonly entries: status };

/** An error of a whole insertAll request, by HTTP status and reason, or for each of its rows; or no answer at all. */
export type BigqueryFault =
  { readonly status: number; readonly reason: string } | { readonly rows: string } | "cut";

/** @param target `host:port` of the emulator */
export async function faultyBigtable(target: string): Promise<FaultyStore<BigtableFault>> {
  const script = new Script<BigtableFault>();
  const act = (rowKeys: readonly string[]): GrpcAction<readonly EntryCode[]> | undefined => {
    const fault = script.take((key) => rowKeys.some((rowKey) => rowKey.endsWith(key)));
    if (fault === undefined) return undefined;
    if ("call" in fault) return { fail: fault.call };
    return { results: rowKeys.map((_, i) => [i, fault.entries, "scripted"]) };
  };
  const server = await scriptedBigtable(act, target);
  return script.store(server.address, server);
}

/** @param target the emulator's URL */
export async function faultyBigquery(target: string): Promise<FaultyStore<BigqueryFault>> {
  const script = new Script<BigqueryFault>();
  const server = await scriptedHttp(({ path, body }): HttpAction | undefined => {
    if (!path.includes("/insertAll")) return undefined;
    const { rows } = body as { rows: readonly { json: Readonly<Record<string, unknown>> }[] };
    const isOf =
      (key: string) =>
      ({ json }: (typeof rows)[number]) =>
        Object.values(json).includes(key);
    const fault = script.take((key) => rows.some(isOf(key)));
    if (fault === undefined || fault === "cut") return fault;
    if ("rows" in fault) {
      // As BigQuery does: one row that is invalid stops the others.
      const poison = script.poison && rows.findIndex(isOf(script.poison.key));
      const insertErrors = rows.map((_, index) => {
        const reason = poison === undefined || poison < 0 || poison === index ? fault.rows : "stopped";
        return { index, errors: [{ reason, message: "scripted" }] };
      });
      return { status: 200, body: { insertErrors } };
    }
    const { status, reason } = fault;
    const error = { code: status, message: "scripted", errors: [{ reason, message: "scripted" }] };
    return { status, body: { error } };
  }, target);
  return script.store(new URL(server.url).host, server);
}

class Script<Fault> {
  readonly next: Fault[] = [];
  poison: FaultyStore<Fault>["poison"];
  #poisoned = 0;

  /** The fault for a write, if any. @param carries whether it has a row of a key */
  take(carries: (key: string) => boolean): Fault | undefined {
    const { poison } = this;
    return poison !== undefined && carries(poison.key)
      ? poison.faults[this.#poisoned++ % poison.faults.length]
      : this.next.shift();
  }

  store(address: string, server: AsyncDisposable): FaultyStore<Fault> {
    return Object.assign(this, {
      address,
      [Symbol.asyncDispose]: () => Promise.resolve(server[Symbol.asyncDispose]()),
    });
  }
}
