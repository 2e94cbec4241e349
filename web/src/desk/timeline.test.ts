import { expect, it } from "vitest";
import { type Delivery, deliveriesOf, type IncidentStep, timelineOf, toneOf } from "./timeline";

const LINE: IncidentStep = {
  at_ms: 20,
  by: "system",
  from_state: "-",
  to_state: "open",
  reason: "alert 9f",
  tapped_ms: null,
};
const STEP = {
  version: 1,
  what: "raised",
  level: 1,
  at_ms: 10,
  t_ms: 9,
  moved_m: 84,
  by: "system",
};

it("puts both in one order, the cause before what it brought about", () => {
  const line = timelineOf(
    [STEP, { ...STEP, version: 2, what: "desk_confirmed", level: 3, at_ms: 20, by: "li" }],
    [
      LINE,
      { ...LINE, at_ms: 30, by: "chen", from_state: "open", to_state: "acknowledged", reason: "" },
    ],
  );
  expect(line.map((entry) => entry.word)).toEqual([
    "raised",
    "desk_confirmed",
    "open",
    "acknowledged",
  ]);
  expect(line.map((entry) => entry.by)).toEqual(["", "li", "", "chen"]);
  expect(line[2]?.reason).toBe("");
});

it("says a level where it changes, and a distance where there is one", () => {
  const again = { ...STEP, version: 2, what: "moved", at_ms: 11, moved_m: 0.2 };
  const line = timelineOf([STEP, again, { ...STEP, version: 3, level: 2, at_ms: 12 }], []);
  expect(line.map((entry) => entry.level)).toEqual([1, null, 2]);
  expect(line.map((entry) => entry.movedM)).toEqual([84, null, 84]);
});

it("shows what was said without a change of state", () => {
  const step = { ...LINE, by: "police", from_state: "open", reason: "case 17" };
  expect(timelineOf([], [step])[0]).toMatchObject({ word: "said", reason: "case 17" });
});

it("names another alert that joined the incident", () => {
  const step = { ...LINE, from_state: "open", reason: "alert 0f9c joined" };
  expect(timelineOf([], [step])[0]).toMatchObject({
    word: "joined",
    reason: "",
    otherAlert: "0f9c",
  });
});

it("keeps a call for help and when it was tapped", () => {
  const step = { ...LINE, from_state: "on_scene", to_state: "help", reason: "knife", tapped_ms: 9 };
  expect(timelineOf([], [step])[0]).toMatchObject({ word: "help", reason: "knife", tappedMs: 9 });
});

it("lists each telling once, oldest first", () => {
  const told = (receiver: string, created_ms: number): Delivery =>
    ({ channel: "webhook", receiver, action: "opened", state: "sent", created_ms }) as Delivery;
  const all = deliveriesOf([told("police", 5)], [told("owner:wang", 1), told("police", 5)]);
  expect(all.map((one) => one.receiver)).toEqual(["owner:wang", "police"]);
});

it("is calm about what is on its way, not about what is lost", () => {
  expect(["sent", "due", "rejected", "undelivered"].map(toneOf)).toEqual([
    "ok",
    "info",
    "danger",
    "danger",
  ]);
});
