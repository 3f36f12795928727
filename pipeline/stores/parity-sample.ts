import { deliveryOf } from "../core/audit/judge.ts";
import { KeySample } from "../core/audit/key-sample.ts";
import { createDecoder, isDeadLetter } from "../core/decode.ts";
import type { EventPlan } from "../core/event-plan.ts";
import type { DeadLetter, DecodedEvent, PubsubMessage } from "../core/model.ts";
import { sliceOf } from "../core/slices.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { type OfflineStore, type PublishSpan, readArchive, readVerdicts, type Verdicts } from "./archive.ts";

/** What the archive held in the span that matters. */
export interface ArchiveCounts {
  /** Messages, as often as they stand there. */
  readonly messages: number;
  /** Of them those that no event can be made of, and those that the pipeline recorded as dead letters. */
  readonly deadLetters: number;
}

/** Events by `deliveryOf`. */
export type Deliveries = Map<string, DecodedEvent>;

/** Which window ends and how many keys to look at. */
export interface SampleRequest {
  /** From here, inclusive, ms. @default a day before `toMs`: what the online store surely keeps */
  readonly fromMs?: number;
  /** To here, inclusive; never beyond `complete_through`. @default complete_through */
  readonly toMs?: number;
  /** Number of keys of a view, by their hash. */
  readonly keys: number;
}

/** A view while its archive is read. */
export interface Sampled {
  readonly plan: ViewPlan;
  readonly completeThroughMs: number;
  /** Window ends, both inclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Publish times that matter. */
  readonly span: PublishSpan;
  readonly verdicts: Verdicts;
  readonly sample: KeySample<Deliveries>;
  readonly archive: { messages: number; deadLetters: number };
  newestMs: number;
}

const DAY_MS = 86_400_000;

/**
 * A sample of a view before the archive is read.
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function emptySample(
  offline: OfflineStore,
  plan: ViewPlan,
  request: SampleRequest,
  completeThroughMs: number,
): Promise<Sampled> {
  const toMs = Math.min(request.toMs ?? Infinity, sliceOf(completeThroughMs, plan.slideMs));
  const fromMs = request.fromMs ?? toMs - DAY_MS;
  // A copy of an event stands less than L from the first: that far back it goes.
  const span: PublishSpan = {
    fromMs: fromMs - 2 * plan.longestMs - plan.slideMs,
    beforeMs: toMs + plan.allowedLatenessMs + plan.slackMs + 1,
  };
  const verdicts = await readVerdicts(offline, plan, span, deliveryOf);
  const sample = new KeySample<Deliveries>(request.keys);
  const archive = { messages: 0, deadLetters: 0 };
  return { plan, completeThroughMs, fromMs, toMs, span, verdicts, sample, archive, newestMs: -Infinity };
}

/**
 * Reads the archive once into the samples of all views.
 * @param views of the event
 * @throws StoreUnavailableError, StoreConfigError
 */
export async function sampleArchive(
  offline: OfflineStore,
  event: EventPlan,
  views: readonly Sampled[],
): Promise<void> {
  const span: PublishSpan = {
    fromMs: Math.min(...views.map((view) => view.span.fromMs)),
    beforeMs: Math.max(...views.map((view) => view.span.beforeMs)),
  };
  const decode = createDecoder(event);
  for await (const messages of readArchive(offline, event.name, span)) {
    for (const message of messages) {
      const decoded = decode(message);
      for (const view of views) enter(view, message, decoded);
    }
  }
}

function enter(view: Sampled, message: PubsubMessage, decoded: DecodedEvent | DeadLetter): void {
  const { plan, span, verdicts, sample, archive } = view;
  if (message.publishTimeMs < span.fromMs || message.publishTimeMs >= span.beforeMs) return;
  archive.messages++;
  view.newestMs = Math.max(view.newestMs, message.publishTimeMs);
  if (isDeadLetter(decoded) || verdicts.deadLetters.has(message.messageId)) archive.deadLetters++;
  else if (plan.accepts(decoded.value as never)) {
    // The archive may hold a delivery twice.
    sample.at(plan.key(decoded.value as never), () => new Map())?.set(deliveryOf(decoded), decoded);
  }
}
