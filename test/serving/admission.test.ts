import { describe, expect, it } from "vitest";
import { Admission } from "../../pipeline/serving/admission.ts";
import { Deadline } from "../../pipeline/serving/deadline.ts";

/** Work that ends when it is told to. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { run: () => promise, resolve, reject };
}
const soon = () => new Deadline(60_000);

describe("admission", () => {
  it("lets so many in at once, and the others in the order of their coming", async () => {
    const admission = new Admission({ concurrent: 1, queued: 2 });
    const order: string[] = [];
    const [a, b, c] = [work(), work(), work()];
    const done = [a, b, c].map(({ run }, i) =>
      admission.run(soon(), () => {
        order.push(`started ${String(i)}`);
        return run();
      }),
    );
    expect([admission.active, admission.waiting]).toEqual([1, 2]);
    b.resolve("b");
    a.resolve("a");
    expect(await done[0]).toBe("a");
    expect(await done[1]).toBe("b");
    expect(order.slice(0, 2)).toEqual(["started 0", "started 1"]);
    c.resolve("c");
    expect(await done[2]).toBe("c");
    expect([admission.active, admission.waiting]).toEqual([0, 0]);
  });

  it("hands a place on when work fails", async () => {
    const admission = new Admission({ concurrent: 1, queued: 1 });
    const failing = work();
    const failed = admission.run(soon(), failing.run);
    const next = admission.run(soon(), () => Promise.resolve("next"));
    failing.reject(new Error("it failed"));
    await expect(failed).rejects.toThrow("it failed");
    expect(await next).toBe("next");
    expect(admission.active).toBe(0);
  });

  it("refuses at once what comes beyond the queue", async () => {
    const admission = new Admission({ concurrent: 1, queued: 0 });
    const first = work();
    const done = admission.run(soon(), first.run);
    await expect(admission.run(soon(), first.run)).rejects.toMatchObject({ code: "overloaded" });
    first.resolve("");
    await done;
  });

  it("lets what waited too long go, and its place to others", async () => {
    const admission = new Admission({ concurrent: 1, queued: 1 });
    const first = work();
    const done = admission.run(soon(), first.run);
    const late = admission.run(new Deadline(5), () => Promise.resolve("late"));
    await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(admission.waiting).toBe(0);
    first.resolve("");
    await done;
    expect(await admission.run(soon(), () => Promise.resolve("after"))).toBe("after");
  });
});
