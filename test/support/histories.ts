/** Arbitrary histories of one view: events with disorder, copies and late ones, and what happens between them. */
import fc from "fast-check";
import type { DecodedEvent } from "../../pipeline/core/model.ts";
import { testEvent } from "./plans.ts";

/** What the world does next. Numbers are drawn beforehand and mean what the test makes of them. */
export type Step =
  | { readonly kind: "read"; readonly events: number }
  | { readonly kind: "fire"; readonly ends: number }
  | { readonly kind: "early" }
  | { readonly kind: "cool" }
  | { readonly kind: "compact" }
  | { readonly kind: "checkpoint" }
  | { readonly kind: "crash" };

/** Sums of these show any rounding. */
const AMOUNTS = [0.1, 0.2, 1e16, -1e16, 3, 1e-300, 2 ** 60, -0.30000000000000004];

/**
 * Events in the order of their publishing, around 0 so that times before 1970 come too. Of those with one id and
 * user some are copies in all they hold, others differ in content and event time.
 */
export const arbitraryEvents: fc.Arbitrary<DecodedEvent[]> = fc
  .array(
    fc.record({
      // Few different times, so that many events share one.
      publishTimeMs: fc.integer({ min: -20, max: 50 }).map((n) => n * 5),
      // Late beyond 40 ms. Most are hardly delayed.
      delayMs: fc.oneof(
        fc.constantFrom(0, 5),
        fc.integer({ min: 0, max: 12 }).map((n) => n * 5),
        fc.constantFrom(39, 40, 41),
      ),
      id: fc.nat({ max: 25 }),
      user: fc.constantFrom("u", "v", "w"),
      amount: fc.constantFrom(...AMOUNTS),
      country: fc.constantFrom("US", "FR", "DE", "é", ""),
      accepted: fc.nat({ max: 9 }).map((n) => n > 0),
    }),
    { maxLength: 40 },
  )
  .map((drawn) =>
    drawn
      .sort((a, b) => a.publishTimeMs - b.publishTimeMs)
      .map(({ publishTimeMs, delayMs, id, user, ...purchase }, i) =>
        testEvent(publishTimeMs - delayMs, {
          publishTimeMs,
          eventId: `e${id}`,
          messageId: `m${i}`,
          purchase: { user_id: user, ...purchase },
        }),
      ),
  );

const step = (kind: "early" | "cool" | "compact" | "checkpoint" | "crash") => fc.constant<Step>({ kind });
const read: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 5 }).map((events) => ({ kind: "read", events }));

const fire: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 12 }).map((ends) => ({ kind: "fire", ends }));
const worker = [step("early"), step("cool"), step("compact")];

/** Steps without crashes. */
export const arbitrarySteps = fc.array(fc.oneof(read, read, fire, ...worker), { maxLength: 60 });

/** Steps with them. */
export const arbitraryFaults = fc.array(
  fc.oneof(read, read, fire, ...worker, step("checkpoint"), step("crash")),
  { maxLength: 60 },
);

/** The same events, where those with one id and user are true copies: a publisher's retries. */
export const arbitraryRetries = arbitraryEvents.map((events) =>
  events.map((event) => {
    const isOriginal = (e: DecodedEvent) =>
      e.eventId === event.eventId && e.value.user_id === event.value.user_id;
    const { eventTimeMs, rawEventTimeMs, value } = events.find(isOriginal) ?? event;
    return { ...event, eventTimeMs, rawEventTimeMs, value };
  }),
);
