import { describe, expect, it } from "vitest";
import { distance, endKey, isOnItsWay, onThisClock, phaseOf, tokenOf, type View } from "./link";
import { words } from "./words";

const VIEW: View = {
  now_ms: 1_000_000,
  expires_ms: 2_000_000,
  kind: "movement",
  vehicle: { label: "red Yadea", plate_masked: "皖A***67", kind: "e-bike" },
  onset_ms: 900_000,
  raised_ms: 930_000,
  late_s: 0,
  moved_m: 84,
  reasons: [],
  position: null,
  position_hidden: false,
  track: [],
  shares_with_police: true,
  said: null,
  police_told_ms: null,
  ended: null,
  next: [],
  may_say: ["me", "not_me"],
};

describe("the link's token", () => {
  it("stands behind the hash", () => {
    expect(tokenOf("#pgl_AGq-x_9")).toBe("pgl_AGq-x_9");
    for (const other of ["", "#", "#pgt_abc", "#pgl_", "#pgl_a b"])
      expect(tokenOf(other)).toBeNull();
  });
});

describe("how far it has come", () => {
  it("asked, then a case, then over", () => {
    expect(phaseOf(VIEW)).toBe("asked");
    expect(phaseOf({ ...VIEW, police_told_ms: 1 })).toBe("police");
    expect(phaseOf({ ...VIEW, police_told_ms: 1, ended: { what: "owner_me", at_ms: 2 } })).toBe(
      "ended",
    );
  });

  it("an answer is on its way until the alert has it", () => {
    expect(isOnItsWay(null, VIEW)).toBe(false);
    expect(isOnItsWay("not_me", VIEW)).toBe(true);
    expect(isOnItsWay("not_me", { ...VIEW, said: { answer: "not_me", at_ms: 1 } })).toBe(false);
    expect(isOnItsWay("me", { ...VIEW, said: { answer: "not_me", at_ms: 1 } })).toBe(true);
    expect(isOnItsWay("me", { ...VIEW, ended: { what: "returned", at_ms: 2 } })).toBe(false);
  });

  it("every end has words", () => {
    expect(endKey("owner_me")).toBe("end_owner_me");
    expect(endKey("merged")).toBe("end_other");
    for (const what of ["desk_dismissed", "disarmed", "returned", "expired", "incident_closed"])
      expect(words.en).toHaveProperty(endKey(what));
  });
});

it("times are of this phone's clock, however wrong", () => {
  expect(onThisClock(990_000, VIEW, 5_000_000)).toBe(4_990_000);
});

it("distances have a unit", () => {
  expect([distance(83.6), distance(999.4), distance(1234)]).toEqual(["84 m", "999 m", "1.2 km"]);
});
