import { describe, expect, it } from "vitest";
import { FreshetError } from "../../pipeline/core/errors.ts";
import { failureKind } from "../../pipeline/stores/failure.ts";
import {
  type StoreCall,
  StoreConfigError,
  StoreRejectedError,
  StoreUnavailableError,
} from "../../pipeline/stores/errors.ts";
import { backoffMs, defaultRetryPolicy, type Retry, withRetry } from "../../pipeline/stores/retry.ts";

const call: StoreCall = { store: "Bigtable", operation: "write", target: "features_user" };
const coded = (code: number | string, extra: object = {}) =>
  Object.assign(new Error(`code ${code}`), { code, ...extra });

/** Retries without waiting; keeps the delays that it would have waited. */
function instant(attempts = 4): Retry & { delays: number[] } {
  const delays: number[] = [];
  return {
    policy: { ...defaultRetryPolicy, attempts },
    random: () => 0.5,
    sleep: (ms) => {
      delays.push(ms);
      return Promise.resolve();
    },
    delays,
  };
}

describe("failureKind", () => {
  it.each([
    ["outage", [14, 4, 10, 8, 13, 2, 1, 408, 429, 500, 502, 503, 504]],
    ["outage", ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"]],
    ["config", [5, 7, 16, 9, 12, 401, 403, 404]],
    ["rejected", [3, 11, 6, 400, 413]],
    ["defect", ["ERR_INVALID_ARG_TYPE"]],
  ] as const)("%s: %j", (kind, codes) => {
    expect(codes.map((code) => failureKind(coded(code)))).toEqual(codes.map(() => kind));
  });

  it("goes by the reason where a failed job has no status", () => {
    const reasoned = (reason: string) => Object.assign(new Error(reason), { errors: [{ reason }] });
    expect(
      ["backendError", "notFound", "invalidQuery"].map((reason) => failureKind(reasoned(reason))),
    ).toEqual(["outage", "config", "rejected"]);
  });

  it("takes a quota for an outage though it comes as 403, and a numeric text for a number", () => {
    expect(failureKind(coded(403, { errors: [{ reason: "rateLimitExceeded" }] }))).toBe("outage");
    expect(failureKind(coded("503"))).toBe("outage");
    expect(failureKind(new FreshetError("duration", "a defect"))).toBe("defect");
    expect(failureKind(undefined)).toBe("defect");
  });
});

describe("withRetry", () => {
  it("waits with full jitter, each bound twice the one before, and returns the first success", async () => {
    const retry = instant();
    let attempts = 0;
    const answer = await withRetry(
      call,
      () => (++attempts < 4 ? Promise.reject(coded(14)) : Promise.resolve("done")),
      retry,
    );
    expect(answer).toBe("done");
    expect(retry.delays).toEqual([25, 50, 100]);
  });

  it("gives up after the policy's attempts, naming store, target and cause", async () => {
    const retry = instant(3);
    const failing = withRetry(call, () => Promise.reject(coded("ECONNREFUSED")), retry);
    await expect(failing).rejects.toThrow(new StoreUnavailableError(call, 3, coded("ECONNREFUSED")).message);
    await expect(failing).rejects.toMatchObject({
      code: "store_unavailable",
      fields: { attempts: 3, target: "features_user" },
    });
    expect(retry.delays).toHaveLength(2);
  });

  it("asks a person at once where no retry can help, and says what to do", async () => {
    const retry = instant();
    const failing = withRetry(call, () => Promise.reject(coded(5)), retry);
    await expect(failing).rejects.toBeInstanceOf(StoreConfigError);
    await expect(failing).rejects.toThrow("create it");
    expect(retry.delays).toEqual([]);
  });

  it("tells refused content from an outage, and leaves a defect of the program as it is", async () => {
    await expect(withRetry(call, () => Promise.reject(coded(3)), instant())).rejects.toBeInstanceOf(
      StoreRejectedError,
    );
    const defect = new RangeError("a defect");
    await expect(withRetry(call, () => Promise.reject(defect), instant())).rejects.toBe(defect);
  });

  it("doesn't wait for a silent store longer than an attempt's deadline", async () => {
    const { policy, ...rest } = instant(2);
    const silent = withRetry(call, () => new Promise(() => undefined), {
      ...rest,
      policy: { ...policy, attemptMs: 5 },
    });
    await expect(silent).rejects.toThrow("in 2 attempts: no answer in 5 ms");
  });

  it("reports each further attempt", async () => {
    const seen: string[] = [];
    const retry = { ...instant(3), onRetry: ({ store }: StoreCall) => seen.push(store) };
    await expect(withRetry(call, () => Promise.reject(coded(14)), retry)).rejects.toThrow();
    expect(seen).toEqual(["Bigtable", "Bigtable"]);
  });
});

it("backoffMs stays within the policy's longest delay", () => {
  expect(backoffMs(defaultRetryPolicy, 30, 0.999)).toBeLessThan(defaultRetryPolicy.maxDelayMs);
  expect(backoffMs(defaultRetryPolicy, 1, 0)).toBe(0);
});
