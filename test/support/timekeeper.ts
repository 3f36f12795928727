/** A DoFn of event-time timers that does as its elements say, for tests on a real engine. */
import type { Graph } from "../../pipeline/beam/beam.ts";
import { type Coder, jsonCoder, kvCoder, utf8Coder } from "../../pipeline/harness/coders.ts";
import type { DoFn } from "../../pipeline/harness/dofn.ts";
import type { KV } from "../../pipeline/harness/windowed-value.ts";
import { arrives, doFn } from "./engine-graph.ts";

/** What an element has its key's timer do, and what it then says to a second timekeeper. */
export type Order = (
  { readonly set: number; readonly hold?: number; readonly tag?: string } | { readonly clear: string }
) & { readonly next?: Order };
/** How they are written. */
export const orders = kvCoder(utf8Coder, jsonCoder as Coder<Order>);

/** What a timekeeper saw, by bundle. */
export class Story {
  readonly #bundles: string[][] = [];
  begin(): void {
    this.#bundles.push([]);
  }
  tell(line: string): void {
    this.#bundles.at(-1)?.push(line);
  }
  get lines(): string[] {
    return this.#bundles.flat();
  }
  /** Sorted inside: the Fn API keeps no order between the elements and the timers of a bundle. */
  get bundles(): string[][] {
    return this.#bundles.filter((lines) => lines.length > 0).map((lines) => lines.toSorted());
  }
}

/**
 * Does as its elements say. A timer's output is an element too.
 * @param rearm the instant that follows on one, where any does
 */
export function timekeeper(story: Story, rearm: Readonly<Record<number, number>> = {}) {
  const name = doFn((): DoFn<KV<string, Order>, KV<string, Order>> => ({
    startBundle() {
      story.begin();
    },
    process({ key, value: order }, context) {
      story.tell(`${key} arrives ${context.timestamp}`);
      if ("clear" in order) context.timer("alarm", order.clear).clear();
      else context.timer("alarm", order.tag).set(order.set, order.hold);
      if (order.next) context.emit({ key, value: order.next });
    },
    onTimer(context) {
      const { tag, fireMs } = context;
      const key = context.key as string;
      story.tell(`${key} fires ${fireMs}${tag}`);
      context.emit({ key, value: { clear: "" } });
      const next = rearm[fireMs];
      if (next !== undefined) context.timer("alarm", tag).set(next);
    },
  }));
  const timers = { alarm: { domain: "event", key: utf8Coder } } as const;
  return { doFn: name, output: orders, timers };
}

const scriptCoder = kvCoder(utf8Coder, utf8Coder);
const readOrder = doFn((): DoFn<KV<string, string>, KV<string, Order>> => ({
  process({ key, value }, context) {
    context.emit({ key, value: JSON.parse(value) as Order });
  },
}));

/** A test stream of orders. Flink decodes its elements in Java, so they are text until a DoFn has read them. */
export function scripted(graph: Graph, events: Parameters<Graph["testStream"]>[2]) {
  const texts = graph.testStream("script", scriptCoder, events);
  return graph.parDo(texts, "read", { doFn: readOrder, output: orders });
}

/** An event of a test stream: an order for the timer of `key`, at an instant of event time. */
export const order = (key: string, value: Order, at: number) =>
  arrives(scriptCoder, { key, value: JSON.stringify(value) }, at);

/** Bundles end when they are full, not with the time; watermarks wait for their end. */
export const ONE_BUNDLE = { maxBundleTimeMills: 60_000 };
/** The same, and one element fills them. */
export const ONE_BY_ONE = { ...ONE_BUNDLE, maxBundleSize: 1 };

/** There is no timer to clear. */
export const nothing: Order = { clear: "" };
