import { describe, expect, it } from "vitest";
import type {
  LateEventsJson,
  LettersJson,
  OutcomesJson,
  RedriveJson,
  WholeLetterJson,
} from "../../../pipeline/serving/console/dead-letters-contract.ts";
import { StoreUnavailableError } from "../../../pipeline/stores/errors.ts";
import { inspectedServer, MINUTE_MS } from "../../support/inspected-server.ts";
import { E, T } from "../../support/serving.ts";

const LETTERS = "/console/api/dead-letters";
type Server = Awaited<ReturnType<typeof inspectedServer>>;

async function get<T>({ request }: Server, path: string): Promise<T> {
  const response = await request(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function redrive({ request }: Server, body: unknown, headers: Record<string, string> = {}) {
  const response = await request(`${LETTERS}/redrive`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const json = (await response.json()) as RedriveJson & { readonly code?: string; readonly errors?: unknown };
  return { status: response.status, json };
}

describe("what is lost", () => {
  it("is counted by reason and time", async () => {
    const told = await get<OutcomesJson>(await inspectedServer(), `${LETTERS}/summary?hours=24`);
    expect(told.span_ms).toBe(30 * MINUTE_MS);
    expect(told.dead_letters.map(({ reason, total }) => [reason, total])).toEqual([
      ["malformed", 2],
      ["schema_mismatch", 1],
      ["invalid_utf8", 1],
      ["row_rejected", 1],
    ]);
    const [malformed] = told.dead_letters;
    // T is in the last span, E − 3 s in the one before: a span each half hour.
    expect(malformed?.counts).toEqual([...Array.from({ length: 46 }, () => 0), 2, 0]);
    expect(Date.parse(told.since) + 48 * told.span_ms).toBe(Date.parse(told.until));
    expect(told.late_events).toMatchObject([{ source: "user_purchases", reason: "late", total: 1 }]);
  });

  it("is listed page by page, each letter once", async () => {
    const server = await inspectedServer();
    const seen: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const after: string = next === "" ? "" : `&after=${next}`;
      const page: LettersJson = await get<LettersJson>(server, `${LETTERS}?hours=24&limit=2${after}`);
      seen.push(...page.letters.map(({ reason }) => reason));
      next = page.next;
    }
    expect(seen).toEqual(["malformed", "malformed", "invalid_utf8", "row_rejected", "schema_mismatch"]);
    const some = await get<LettersJson>(server, `${LETTERS}?hours=1&reason=malformed`);
    expect(some.letters.map(({ head }) => Buffer.from(head, "base64").toString())).toEqual(["{", "[1,"]);
  });

  it("is shown as it came, with the decoder's own words", async () => {
    const server = await inspectedServer();
    const { letters } = await get<LettersJson>(server, `${LETTERS}?hours=1&reason=invalid_utf8`);
    const [
      { event, reason, message_id, publish_time } = {
        event: "",
        reason: "",
        message_id: "",
        publish_time: "",
      },
    ] = letters;
    const query = new URLSearchParams({ event, reason, message_id, publish_time });
    const letter = await get<WholeLetterJson>(server, `${LETTERS}/letter?${query.toString()}`);
    expect(letter).toMatchObject({
      detail: "byte 2 is no UTF-8",
      attributes: { event_id: "x" },
      data_bytes: 3,
    });
    expect([...Buffer.from(letter.data, "base64")]).toEqual([0x22, 0xff, 0x22]);
    query.set("message_id", "none");
    const response = await server.request(`${LETTERS}/letter?${query.toString()}`);
    expect(await response.json()).toMatchObject({ status: 404, code: "unknown_letter" });
  });

  it("tells of a late event how late it was, and what was allowed", async () => {
    const { events, next } = await get<LateEventsJson>(
      await inspectedServer(),
      "/console/api/late-events?hours=24&view=user_purchases",
    );
    expect(next).toBeNull();
    expect(events).toMatchObject([
      { key: "ann", event_id: "phone", delay_ms: 15 * MINUTE_MS, allowed_lateness_ms: 5 * MINUTE_MS },
    ]);
  });

  it.each([
    [`${LETTERS}?hours=0`, "hours"],
    [LETTERS, "hours"],
    [`${LETTERS}?hours=24&limit=101`, "limit"],
    [`${LETTERS}?hours=24&after=x`, "after"],
    [`${LETTERS}?hours=24&after=${Buffer.from('["a",1]').toString("base64url")}`, "after"],
    [`${LETTERS}/letter?event=a&reason=b&message_id=c`, "publish_time"],
    ["/console/api/late-events?hours=24&reason=", "reason"],
  ])("%s names %s", async (path, field) => {
    const { request } = await inspectedServer();
    const response = await request(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "bad_parameter", errors: [{ field }] });
  });
});

describe("a redrive", () => {
  const ofReason = { reason: "malformed", since: new Date(E - 60 * MINUTE_MS).toISOString() };

  it("says first what it would do, and then does just that, the oldest first", async () => {
    const server = await inspectedServer();
    const trial = await redrive(server, { ...ofReason, dry_run: true });
    expect(trial.json).toEqual({
      ...{ dry_run: true, chosen: 2, left: [], refused: [], interrupted: null, more: false },
      published: [{ topic: "shop_event", messages: 2 }],
      until: new Date(T).toISOString(),
    });
    expect(server.stores.published).toEqual([]);

    // One that came after the trial is not among those that were agreed to.
    const [first] = server.stores.letters;
    if (first === undefined) throw new Error("no letter");
    const { message } = first;
    server.stores.letters.push({ ...first, message: { ...message, messageId: "new", publishTimeMs: T + 1 } });
    const done = await redrive(server, { ...ofReason, until: trial.json.until, dry_run: false });
    expect(done.json).toMatchObject({ dry_run: false, chosen: 2, published: [{ messages: 2 }] });
    expect(server.stores.published.map(({ messageId }) => messageId)).toEqual([
      `2${String(E - 4_000)}`,
      `2${String(E - 3_000)}`,
    ]);
  });

  it("takes the letters that were selected, and says which can't be helped", async () => {
    const server = await inspectedServer();
    const { letters } = await get<LettersJson>(server, `${LETTERS}?hours=1`);
    const selected = letters
      .filter(({ reason }) => reason !== "malformed")
      .map(({ event, reason, message_id, publish_time }) => ({ event, reason, message_id, publish_time }));
    const { json } = await redrive(server, { letters: selected, dry_run: false });
    expect(json).toMatchObject({ chosen: 2, published: [{ topic: "shop_event", messages: 1 }] });
    expect(json.left).toEqual([{ why: "it is a row that a store refused, and no message", letters: 1 }]);
    expect(server.stores.published).toHaveLength(1);
  });

  it("marks what it published, and leaves it out of the next, unless it is told", async () => {
    const server = await inspectedServer();
    await redrive(server, { ...ofReason, dry_run: false });
    const { letters } = await get<LettersJson>(server, `${LETTERS}?hours=24`);
    const marked = letters.filter(({ redriven_at: at }) => at !== null);
    expect(marked.map(({ reason, redriven_at: at }) => [reason, at])).toEqual([
      ["malformed", new Date(T).toISOString()],
      ["malformed", new Date(T).toISOString()],
    ]);

    const selected = marked.map(({ event, reason, message_id, publish_time }) => ({
      ...{ event, reason, message_id, publish_time },
    }));
    const byReason = await redrive(server, { ...ofReason, dry_run: false });
    expect(byReason.json).toMatchObject({ chosen: 0, published: [], left: [] });
    const byLetters = await redrive(server, { letters: selected, dry_run: false });
    expect(byLetters.json).toMatchObject({
      ...{ chosen: 2, published: [] },
      left: [{ why: "it was published again before", letters: 2 }],
    });
    expect(server.stores.published).toHaveLength(2);
    const again = await redrive(server, { ...ofReason, dry_run: false, again: true });
    expect(again.json).toMatchObject({ chosen: 2, published: [{ messages: 2 }] });
    expect(server.stores.published).toHaveLength(4);
  });

  it("ends, and says so, where it can't record what it published", async () => {
    const server = await inspectedServer();
    const { stores } = server;
    const publish = stores.publishAgain.bind(stores);
    stores.publishAgain = async (...args) => ({ ...(await publish(...args)), unrecorded: "no such table" });
    const { json } = await redrive(server, { ...ofReason, dry_run: false });
    expect(json).toMatchObject({ published: [{ topic: "shop_event", messages: 2 }] });
    expect(json.interrupted).toContain("they are not marked");
  });

  it("tells how far it came where a store stops answering", async () => {
    const server = await inspectedServer();
    server.stores.before = (what) =>
      what === "publishAgain"
        ? Promise.reject(
            new StoreUnavailableError(
              { store: "Pub/Sub", operation: "publish to", target: "topic shop_event" },
              3,
              new Error("down"),
            ),
          )
        : Promise.resolve();
    const { status, json } = await redrive(server, { ...ofReason, dry_run: false });
    expect({ status, published: json.published }).toEqual({ status: 200, published: [] });
    expect(json.interrupted).toContain("stopped answering");
  });

  it.each([
    ["a page of another site", { "Sec-Fetch-Site": "cross-site" }, 403, "foreign_origin"],
    ["a page of a sister site", { "Sec-Fetch-Site": "same-site" }, 403, "foreign_origin"],
    ["an origin that isn't this one", { Origin: "http://evil.example" }, 403, "foreign_origin"],
    ["another port of this machine", { Origin: "http://localhost:1234" }, 403, "foreign_origin"],
    ["an origin that is none", { Origin: "null" }, 403, "foreign_origin"],
    ["a name that leads here", { Host: "evil.example", Origin: "http://evil.example" }, 403, "foreign_host"],
    ["a form", { "Content-Type": "text/plain" }, 415, "unsupported_media_type"],
  ])("is refused to %s", async (_, headers, status, code) => {
    const server = await inspectedServer();
    const refused = await redrive(server, { ...ofReason, dry_run: false }, headers);
    expect({ status: refused.status, code: refused.json.code }).toEqual({ status, code });
    expect(server.stores.published).toEqual([]);
  });

  it("is open to the server's own page, and to none where changes are not allowed", async () => {
    const own = { Origin: "http://localhost", "Sec-Fetch-Site": "same-origin" };
    expect((await redrive(await inspectedServer(), { ...ofReason, dry_run: true }, own)).status).toBe(200);
    const server = await inspectedServer({ guard: { loopbackOnly: true, changes: false } });
    const { status, json } = await redrive(server, { ...ofReason, dry_run: true }, own);
    expect({ status, code: json.code }).toEqual({ status: 403, code: "changes_not_allowed" });
  });

  it.each([
    [{}, "/dry_run"],
    [{ dry_run: true, reason: "malformed" }, "/since"],
    [{ dry_run: true, letters: [] }, "/letters"],
    [{ dry_run: true, letters: [{}] }, "/letters/0/event"],
    [{ dry_run: "yes", reason: "malformed", since: "2026-01-01T00:00:00Z" }, "/dry_run"],
    [[1], ""],
  ])("of %j is refused, at its field", async (body, field) => {
    const { status, json } = await redrive(await inspectedServer(), body);
    expect(status).toBe(400);
    expect(json.errors).toEqual(expect.arrayContaining([expect.objectContaining({ field })]));
  });
});
