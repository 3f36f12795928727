import { answer, type Answer } from "../core/answer.ts";
import { featureVector, type FeatureVector, type VectorFault } from "../core/feature-vector.ts";
import type { ServicePlan } from "../core/service-plan.ts";
import type { ViewPlan } from "../core/view-plan.ts";
import { StoreConfigError, StoreUnavailableError } from "../stores/errors.ts";
import type { Deadline } from "./deadline.ts";
import type { Heartbeats } from "./heartbeats.ts";
import type { OnlineStore } from "./online-store.ts";
import { Problem } from "./problem.ts";
import { inSpan } from "./tracing.ts";

/** Why one key of several has no vector. */
export interface KeyFault {
  readonly code: VectorFault["code"] | StoreFault["code"];
  /** The feature to blame, of a fault of the vector. */
  readonly feature?: string;
  readonly detail: string;
}

/** Why nothing is known of a key's rows. */
interface StoreFault {
  readonly code: "store_unavailable" | "deadline_exceeded" | "unreadable_row";
  readonly detail: string;
}

/** A key of a service: a value for each of its `keyFields`. */
export type ServiceKey = Readonly<Record<string, string>>;

/** What a service says of one key. */
export type KeyResult =
  | {
      readonly features: Exclude<FeatureVector, { fault: VectorFault }>["features"];
      readonly fault?: undefined;
    }
  | { readonly features?: undefined; readonly fault: KeyFault };

/** How reads are made. */
export interface ReaderOptions {
  /** Keys of one request to the store; more of them go in several requests at once. */
  readonly keysARequest: number;
  /** Called with what a request to the store failed by. */
  readonly onStoreFailure?: (error: Error) => void;
}

type AnswersOfKey = readonly Answer[] | StoreFault;

/** Reads vectors and answers: all views of an entity by one request, many keys by several at once. */
export class Reader {
  readonly #store: OnlineStore;
  readonly #heartbeats: Heartbeats;
  readonly #options: ReaderOptions;

  constructor(store: OnlineStore, heartbeats: Heartbeats, options: ReaderOptions) {
    this.#store = store;
    this.#heartbeats = heartbeats;
    this.#options = options;
  }

  /**
   * A vector, or a fault, for each key in its order.
   * @param request as the service's schema gave it
   * @throws Problem where the store answered for no key in time
   */
  async vectors(
    plan: ServicePlan,
    keys: readonly ServiceKey[],
    request: unknown,
    tMs: number,
    deadline: Deadline,
  ): Promise<readonly KeyResult[]> {
    const entities = [...Map.groupBy(plan.views.keys(), (i) => plan.views[i]?.entity)].map(
      ([, views]) => views,
    );
    const read = await Promise.all(
      entities.map((views) => {
        const plans = views.map((i) => plan.views[i] as ViewPlan);
        const field = plans[0]?.keyField ?? "";
        return this.answers(
          plans,
          keys.map((key) => key[field] as string),
          tMs,
          deadline,
        );
      }),
    );
    const resultOf = (k: number): KeyResult => {
      const answers: Answer[] = [];
      for (const [e, views] of entities.entries()) {
        const ofKey = read[e]?.[k] as AnswersOfKey;
        if ("code" in ofKey) return { fault: ofKey };
        for (const [i, view] of views.entries()) answers[view] = ofKey[i] as Answer;
      }
      const vector = featureVector(plan, answers, request, tMs);
      return vector.fault === undefined ? { features: vector.features } : { fault: vector.fault };
    };
    const attributes = { "freshet.keys": keys.length, "freshet.on_demand_features": plan.onDemand.length };
    return inSpan("compute vectors", { attributes }, () => keys.map((_, k) => resultOf(k)));
  }

  /**
   * What views of one entity say of each key at `tMs`, in the keys' order.
   * @throws Problem where the store answered for no key in time
   */
  async answers(
    plans: readonly ViewPlan[],
    keys: readonly string[],
    tMs: number,
    deadline: Deadline,
  ): Promise<readonly AnswersOfKey[]> {
    const distinct = [...new Set(keys)];
    const found = new Map<string, AnswersOfKey>();
    await Promise.all(
      chunks(distinct, this.#options.keysARequest).map(async (some) => {
        const ofSome = await this.#read(plans, some, tMs, deadline);
        for (const [i, key] of some.entries()) found.set(key, ofSome[i] as AnswersOfKey);
      }),
    );
    const all = keys.map((key) => found.get(key) as AnswersOfKey);
    this.#refuseIfNothing(plans, all, deadline);
    return all;
  }

  async #read(
    plans: readonly ViewPlan[],
    keys: readonly string[],
    tMs: number,
    deadline: Deadline,
  ): Promise<readonly AnswersOfKey[]> {
    try {
      const panes = await deadline.of(this.#store.readViews(plans, keys, tMs, { budgetMs: deadline.leftMs }));
      return keys.map((key) => {
        const ofKey = panes.get(key) ?? [];
        if (ofKey instanceof RangeError) {
          return {
            code: "unreadable_row",
            detail: "a row of the key is of a layout that this server can't read",
          };
        }
        return plans.map((plan, i) => answer(plan, ofKey[i], tMs, this.#heartbeats.of(plan)));
      });
    } catch (error) {
      const fault = storeFault(error);
      if (error instanceof Error) this.#options.onStoreFailure?.(error);
      return keys.map(() => fault);
    }
  }

  /** Where there is no answer at all, the request has failed; what is known is when the views were last complete. */
  #refuseIfNothing(plans: readonly ViewPlan[], all: readonly AnswersOfKey[], deadline: Deadline): void {
    const [first] = all;
    const isGone = (each: AnswersOfKey) => "code" in each && each.code !== "unreadable_row";
    if (first === undefined || !("code" in first) || !all.every(isGone)) return;
    const marks = plans.map((plan) => [plan.name, this.#heartbeats.of(plan)] as const);
    throw first.code === "deadline_exceeded"
      ? deadline.exceeded(marks)
      : Problem.storeUnavailable(first.detail, marks);
  }
}

function storeFault(error: unknown): StoreFault {
  if (error instanceof Problem && error.code === "deadline_exceeded") {
    return { code: "deadline_exceeded", detail: error.message };
  }
  if (error instanceof StoreUnavailableError) {
    return { code: "store_unavailable", detail: "the online store did not answer" };
  }
  if (error instanceof StoreConfigError) {
    const detail =
      "the online store lacks a table or a family, or refuses access: the server's log says which";
    return { code: "store_unavailable", detail };
  }
  throw error;
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}
