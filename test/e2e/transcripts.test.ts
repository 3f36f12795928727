import { beforeAll, describe, expect, it } from "vitest";
import { testEngine } from "../support/test-engine.ts";
import { expand } from "../support/oracle.ts";
import { play, Player, type Told, Transcript } from "../support/transcript.ts";

/*
 * What the Beam model says of our windows, on the real engine: events, watermarks, and the panes that come of them, in
 * order. Windows have 30 ms and end every 10; a row `ON_TIME 20: 0 2, seq 2` is of the window that ends at 20, with no
 * event in its last 10 ms and two in all. Beam's own windows tell every end, the timers only those at which something
 * changed; and where one event changes several, Beam's tell the youngest window first. Events may be 40 ms late, and
 * processed 30 ms after that. In the pictures an event stands at its event time; `published` says when it came, if not
 * at once. It doesn't prove how soon early rows leave: here they leave at once, and where the clock lets them leave, the
 * script waits for them.
 */
const setup = testEngine();
const transcripts: Transcript[] = [];
const clocked: Transcript[] = [];
const byTimers = new Player({ name: "by_timers", strategy: "timers", early: "at once" }, transcripts);
const byBeam = new Player({ name: "by_beam", strategy: "beam-windows", early: "at once" }, transcripts);
const byClock = new Player({ name: "by_clock", strategy: "timers", early: true }, clocked);

const byBeamsClock = new Player({ name: "by_beams_clock", strategy: "beam-windows", early: true }, clocked);

beforeAll(() => play(setup.engine, [byTimers, byBeam, byClock, byBeamsClock]));

interface Shown extends Pick<Told, "panes">, Partial<Pick<Told, "late" | "emptyFrom">> {
  /** Those of Beam's own windows, where they differ. */
  readonly beamPanes?: readonly string[];
}

/** A transcript, and what it gives: all panes, all that is late (nothing, unless said), `empty_from` where asked. */
function shows(title: string, script: Transcript, { beamPanes, emptyFrom, ...shown }: Shown): void {
  transcripts.push(script);
  const expected = { late: [], ...shown };
  it(`${title}: timers`, () => {
    expect(byTimers.told(script)).toMatchObject({ ...expected, ...(emptyFrom && { emptyFrom }) });
  });
  it(`${title}: beam-windows`, () => {
    expect(byBeam.told(script)).toMatchObject({ ...expected, panes: beamPanes ?? shown.panes });
  });
  it(`${title}: both alike, once rows are carried forward`, () => {
    const windows = (player: Player) => Object.fromEntries(expand(player.plan, player.told(script).rows));
    expect(windows(byBeam)).toEqual(windows(byTimers));
  });
}

describe("a window", () => {
  //  −20       −10        0         10        20        30
  //   [  a      |      b  |  c      )                        a: −17   b: −3   c: 4
  shows("lies right at both sides of 1970", new Transcript().event(-17).event(-3).event(4).watermark(60), {
    panes: [
      "EARLY -10: 1 1, seq 1",
      "ON_TIME -10: 1 1, seq 1",
      "EARLY 0: 1 2, seq 2",
      "ON_TIME 0: 1 2, seq 2",
      "EARLY 10: 1 3, seq 3",
      "ON_TIME 10: 1 3, seq 3",
      "ON_TIME 20: 0 2, seq 2",
      "ON_TIME 30: 0 1, seq 1",
    ],
  });

  //   0         10        20        30        40
  //   [  a   b  )                                        a: 3   b: 7
  //     EARLY ×2 ON_TIME   ON_TIME: they have left the last 10 ms
  shows(
    "tells early, on time, and when something has left, always with all it holds",
    new Transcript().event(3).event(7),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
      ],
    },
  );

  //   0         10        20        30        40        50
  //   [  a      |         |         )                        a: 3
  //             [         b         |         )              b: 13
  //   row at 30 holds both, row at 40 only b; at 50 nothing is left
  shows("lets go of an event when its longest size has passed", new Transcript().event(3).event(13), {
    panes: [
      "EARLY 10: 1 1, seq 1",
      "ON_TIME 10: 1 1, seq 1",
      "EARLY 20: 1 2, seq 2",
      "ON_TIME 20: 1 2, seq 2",
      "ON_TIME 30: 0 2, seq 2",
      "ON_TIME 40: 0 1, seq 1",
    ],
  });

  //   0    9 10        20
  //   [    a |b        )                                      a: 9   b: 10
  shows("is half-open: an event at its end is of the next one", new Transcript().event(9).event(10), {
    panes: [
      "EARLY 10: 1 1, seq 1",
      "ON_TIME 10: 1 1, seq 1",
      "EARLY 20: 1 2, seq 2",
      "ON_TIME 20: 1 2, seq 2",
      "ON_TIME 30: 0 2, seq 2",
      "ON_TIME 40: 0 1, seq 1",
    ],
  });
});

describe("what is empty", () => {
  //   0         10        20        30        40   …   130
  //   [  a      |         |         )│
  //                                  └ no row at 40: the row at 20 says that from 40 on there is nothing
  shows("gives no row: an idle key's last row says from when on it says nothing", new Transcript().event(3), {
    panes: ["EARLY 10: 1 1, seq 1", "ON_TIME 10: 1 1, seq 1", "ON_TIME 20: 0 1, seq 1"],
    beamPanes: [
      "EARLY 10: 1 1, seq 1",
      "ON_TIME 10: 1 1, seq 1",
      "ON_TIME 20: 0 1, seq 1",
      "ON_TIME 30: 0 1, seq 1",
    ],
    emptyFrom: new Map([
      [10, 40],
      [20, 40],
    ]),
  });

  //   0         10   …   100       110
  //   [  a      )        [  b      )                          a: 3   b: 103
  shows("is skipped: a key that comes back starts anew", new Transcript().event(3).event(103), {
    panes: [
      "EARLY 10: 1 1, seq 1",
      "ON_TIME 10: 1 1, seq 1",
      "ON_TIME 20: 0 1, seq 1",
      "EARLY 110: 1 1, seq 1",
      "ON_TIME 110: 1 1, seq 1",
      "ON_TIME 120: 0 1, seq 1",
    ],
    beamPanes: [
      "EARLY 10: 1 1, seq 1",
      "ON_TIME 10: 1 1, seq 1",
      "ON_TIME 20: 0 1, seq 1",
      "ON_TIME 30: 0 1, seq 1",
      "EARLY 110: 1 1, seq 1",
      "ON_TIME 110: 1 1, seq 1",
      "ON_TIME 120: 0 1, seq 1",
      "ON_TIME 130: 0 1, seq 1",
    ],
    emptyFrom: new Map([
      [10, 40],
      [20, 40],
      [110, 140],
      [120, 140],
    ]),
  });

  //   0         10        20
  //   [  a      )                    published 60: too late for the view
  shows("stays so when all that comes is late", new Transcript().event(3, { published: 60 }).watermark(70), {
    panes: [],
    late: ["late 3"],
  });
});

describe("disorder", () => {
  //   0         10
  //   [  b   a  )               a: 7 published 8   b: 3 published 9
  shows(
    "within a window doesn't show",
    new Transcript().event(7, { published: 8 }).event(3, { published: 9 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
      ],
    },
  );

  //   0         10        20        30        40
  //   [  a   c  |  b      )                                  c: 5 published 16, after b: 13 published 15
  //             │      └ LATE for the window that ended at 10, early for the one that ends at 20
  shows(
    "across windows: late for the window that is over, early for the one that is open",
    new Transcript().event(3).event(13, { published: 15 }).event(5, { published: 16 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "LATE 10: 2 2, seq 2",
        "EARLY 20: 1 3, seq 3",
        "ON_TIME 20: 1 3, seq 3",
        "ON_TIME 30: 0 3, seq 3",
        "ON_TIME 40: 0 1, seq 1",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "EARLY 20: 1 3, seq 3",
        "LATE 10: 2 2, seq 2",
        "ON_TIME 20: 1 3, seq 3",
        "ON_TIME 30: 0 3, seq 3",
        "ON_TIME 40: 0 1, seq 1",
      ],
    },
  );

  //   0         10        20        30        40
  //   [  b      |  a      )                                  a: 13   b: 3 published 14
  //   Nothing was due at 10, so nothing fired there, and what comes now is told early and then on time.
  shows(
    "across windows, the first event of a window after its end",
    new Transcript().event(13).event(3, { published: 14 }),
    {
      panes: [
        "EARLY 20: 1 1, seq 1",
        "EARLY 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 1 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
        "ON_TIME 40: 0 1, seq 1",
      ],
      beamPanes: [
        "EARLY 20: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "LATE 10: 1 1, seq 1",
        "ON_TIME 20: 1 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
        "ON_TIME 40: 0 1, seq 1",
      ],
    },
  );

  //   0         10
  //   [  a a    )               the same event twice
  shows(
    "of a publisher that sends again: one event",
    new Transcript().event(3, { id: "a" }).event(3, { id: "a", published: 4 }),
    {
      panes: ["EARLY 10: 1 1, seq 1", "ON_TIME 10: 1 1, seq 1", "ON_TIME 20: 0 1, seq 1"],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 0 1, seq 1",
        "ON_TIME 30: 0 1, seq 1",
      ],
    },
  );
});

describe("a late event", () => {
  //   0         10        20        30        40
  //   [  a   b  )                                            b: 7 published 15   c: 8 published 35
  //            c          every row that has left and is now wrong is told again
  shows(
    "tells every end again that it changes",
    new Transcript().event(3).event(7, { published: 15 }).watermark(30).event(8, { published: 35 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "LATE 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
        "LATE 10: 3 3, seq 3",
        "LATE 20: 0 3, seq 3",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "LATE 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
        "LATE 30: 0 3, seq 3",
        "LATE 20: 0 3, seq 3",
        "LATE 10: 3 3, seq 3",
      ],
    },
  );

  //   0         10        20        30        40       50
  //   [  a      |  b      |         )                             c: 5 published 45
  //      c: at 40 it has left too, and the row there, of b alone, is as it was
  shows(
    "tells the end after its longest size again, where it has just left",
    new Transcript().event(3).event(13).watermark(44).event(5, { published: 45 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "ON_TIME 20: 1 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
        "ON_TIME 40: 0 1, seq 1",
        "LATE 10: 2 2, seq 2",
        "LATE 20: 1 3, seq 3",
        "LATE 30: 0 3, seq 3",
        "LATE 40: 0 1, seq 1",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "ON_TIME 20: 1 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
        "ON_TIME 40: 0 1, seq 1",
        "LATE 30: 0 3, seq 3",
        "LATE 20: 1 3, seq 3",
        "LATE 10: 2 2, seq 2",
      ],
    },
  );

  //   0         10      …    45 46
  //   [  a  b c )             │ └ c published: 41 ms late
  //                           └ b published: 40 ms late
  shows(
    "is taken exactly at the allowed lateness, and a millisecond over it joins no window",
    new Transcript().event(3).event(5, { published: 45 }).event(5, { published: 46 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 0 1, seq 1",
        "LATE 10: 2 2, seq 2",
        "LATE 20: 0 2, seq 2",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 0 1, seq 1",
        "ON_TIME 30: 0 1, seq 1",
        "LATE 30: 0 2, seq 2",
        "LATE 20: 0 2, seq 2",
        "LATE 10: 2 2, seq 2",
      ],
      late: ["late 5"],
    },
  );
});

describe("a window that is closed", () => {
  //   0         10    …   72   80        90
  //   [  a b c  )          x   │         │         a: 3   x: 72 keeps the shard firing
  //                            │         └ c: 4 published 44, comes when 90 has fired: 80 + 10
  //                            └ b: 4 published 44, comes when 80 has fired: 10 + lateness 40 + slack 30
  shows(
    "takes what comes at its very end; after that the event goes to the late output",
    new Transcript()
      .event(3)
      .event(72)
      .watermark(80)
      .event(4, { published: 44, delivered: 74 })
      .watermark(90)
      .event(4, { published: 44, delivered: 74 }),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 0 1, seq 1",
        "EARLY 80: 1 1, seq 1",
        "ON_TIME 80: 1 1, seq 1",
        "LATE 10: 2 2, seq 2",
        "LATE 20: 0 2, seq 2",
        "ON_TIME 90: 0 1, seq 1",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "ON_TIME 20: 0 1, seq 1",
        "ON_TIME 30: 0 1, seq 1",
        "EARLY 80: 1 1, seq 1",
        "ON_TIME 80: 1 1, seq 1",
        "LATE 30: 0 2, seq 2",
        "LATE 20: 0 2, seq 2",
        "LATE 10: 2 2, seq 2",
        "ON_TIME 90: 0 1, seq 1",
        "ON_TIME 100: 0 1, seq 1",
      ],
      late: ["window_closed 4"],
    },
  );

  //   0         10   …   44      74 75
  //   [  a b    )        │       │  └ b again: published again more than 30 ms after its first publish
  //                      │       └ a again, exactly 30 ms after it
  shows(
    "takes a redriven message within the slack only",
    new Transcript().event(4, { published: 44, delivered: 74 }).event(5, { published: 44, delivered: 75 }),
    {
      panes: ["EARLY 10: 1 1, seq 1", "ON_TIME 10: 1 1, seq 1", "ON_TIME 20: 0 1, seq 1"],
      beamPanes: ["LATE 30: 0 1, seq 1", "LATE 20: 0 1, seq 1", "LATE 10: 1 1, seq 1"],
      late: ["window_closed 5"],
    },
  );
});

/** The same, of early rows that leave by the clock. */
function showsByClock(title: string, script: Transcript, { panes, beamPanes }: Shown): void {
  clocked.push(script);
  it(`${title}: timers`, () => {
    expect(byClock.told(script).panes).toEqual(panes);
  });
  it(`${title}: beam-windows`, () => {
    expect(byBeamsClock.told(script).panes).toEqual(beamPanes ?? panes);
  });
}

describe("early rows by the clock", () => {
  //   0         10        20
  //   [  a … b …)                  a: 3, b: 7 once a's row has left; then the watermark waits for b's
  showsByClock(
    "leave after a change, each with all there is",
    new Transcript().event(3).untilRows(1).event(7).untilRows(2),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
      ],
      beamPanes: [
        "EARLY 10: 1 1, seq 1",
        "EARLY 10: 2 2, seq 2",
        "ON_TIME 10: 2 2, seq 2",
        "ON_TIME 20: 0 2, seq 2",
        "ON_TIME 30: 0 2, seq 2",
      ],
    },
  );

  //   0         10        20        30
  //   [  a      |  b   c  )                   c: 4 published 18: LATE at 10 at once, EARLY at 20 by the clock
  showsByClock(
    "leave beside the late row of one event",
    new Transcript().event(3).untilRows(1).event(13).untilRows(3).event(4, { published: 18 }).untilRows(5),
    {
      panes: [
        "EARLY 10: 1 1, seq 1",
        "ON_TIME 10: 1 1, seq 1",
        "EARLY 20: 1 2, seq 2",
        "LATE 10: 2 2, seq 2",
        "EARLY 20: 1 3, seq 3",
        "ON_TIME 20: 1 3, seq 3",
        "ON_TIME 30: 0 3, seq 3",
        "ON_TIME 40: 0 1, seq 1",
      ],
    },
  );
});
