import { bySeq } from "./delivery.ts";
import type { Delivery } from "./delivery.ts";
import { Heap } from "./heap.ts";
import { sizeOf } from "./message.ts";

/** One who takes messages: a stream for as long as it is open, or a single pull. */
export class Consumer {
  /** Messages of ordering keys that this consumer holds earlier messages of: nobody else may have them. */
  readonly own = new Heap<Delivery>(bySeq);
  /** Messages leased to it. */
  outstandingMessages = 0;
  /** Their bytes. */
  outstandingBytes = 0;
  open = true;

  /** Books a lease. */
  lease(delivery: Delivery): void {
    this.outstandingMessages++;
    this.outstandingBytes += sizeOf(delivery.message);
  }

  /** Books the end of a lease. */
  release(delivery: Delivery): void {
    this.outstandingMessages--;
    this.outstandingBytes -= sizeOf(delivery.message);
  }
}
