/** Short names of an event's topics and subscriptions. */
export interface EventTopics {
  /** Where producers publish. */
  readonly source: string;
  /** Events that came too late for a view; one message a view that left it out. */
  readonly late: string;
  readonly deadLetters: string;
  /** Read by the pipeline. */
  readonly subscription: string;
  /** Delivers every message to the raw archive, a BigQuery table. */
  readonly archive: string;
  /** Holds dead letters until somebody mends and publishes them again; on Google Cloud only. */
  readonly redrive: string;
}

/** @param event the event's name, e.g. `shop_event` */
export function topicsOf(event: string): EventTopics {
  return {
    source: event,
    late: `${event}.late`,
    deadLetters: `${event}.dead_letters`,
    subscription: `${event}.pipeline`,
    archive: `${event}.archive`,
    redrive: `${event}.redrive`,
  };
}
