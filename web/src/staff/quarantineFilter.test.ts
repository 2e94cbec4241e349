import { describe, expect, it } from "vitest";
import { askedOf, readQuarantine, replayOf, writeQuarantine } from "./quarantineFilter";

describe("the filter of the quarantine", () => {
  it("comes back from the address as it went in, a stranger's name too", () => {
    const filter = {
      reason: "unknown_device",
      device: "owntracks:wang/bike-7",
      state: "held" as const,
      hours: 24,
    };

    expect(readQuarantine(new URLSearchParams(writeQuarantine(filter).toString()))).toEqual(filter);
    expect(readQuarantine(new URLSearchParams(""))).toEqual({});
  });

  it("leaves out what is no filter", () => {
    const search = new URLSearchParams("reason=<b>&device=a b&state=gone&hours=3");

    expect(readQuarantine(search)).toEqual({});
  });

  it("asks for held, queued and replayed rows apart", () => {
    expect(askedOf({ state: "held" }, 0)).toEqual({ held: true });
    expect(askedOf({ state: "queued" }, 0)).toEqual({ held: false, replayed: false });
    expect(askedOf({ state: "replayed" }, 0)).toEqual({ replayed: true });
  });

  it("asks since a whole minute, so that the same question is asked again", () => {
    const hour = 3_600_000;

    expect(askedOf({ hours: 1 }, 2 * hour + 59_999)).toEqual({ since: String(hour) });
    expect(askedOf({ hours: 1 }, 2 * hour + 1)).toEqual(askedOf({ hours: 1 }, 2 * hour + 59_000));
  });
});

it("never replays everything by a slip of the finger", () => {
  expect(replayOf({})).toBe(null);
  expect(replayOf({ state: "held", hours: 1 })).toBe(null);
  expect(replayOf({ reason: "version", state: "held" })).toEqual({ reason: "version" });
  expect(replayOf({ device: "trk-9" })).toEqual({ device: "trk-9" });
});
