import { expect, it } from "vitest";
import { clockOf, escalationOf } from "./escalation";

const OPENED = 1_764_059_400_000;
const STEPS = [
  { to: "command_centre", after_s: 300, is_told: false },
  { to: "second_officer", after_s: 60, is_told: false },
  { to: "station_desk", after_s: 120, is_told: false },
];
const after = (s: number) => escalationOf(OPENED, STEPS, OPENED + s * 1000);

it("counts down to the first step", () => {
  expect(after(12.2)).toMatchObject({ due: null, next: { to: "second_officer" }, inS: 48 });
});

it("is due at its second, not before", () => {
  expect(after(59.9).due).toBeNull();
  expect(after(59.9).inS).toBe(1);
  expect(after(60).due?.to).toBe("second_officer");
});

it("names the newest step that is due and the next one", () => {
  expect(after(150)).toMatchObject({
    due: { to: "station_desk" },
    dueForS: 30,
    next: { to: "command_centre" },
    inS: 150,
  });
});

it("ends with the last step, which stays due", () => {
  expect(after(4000)).toMatchObject({ due: { to: "command_centre" }, dueForS: 3700, next: null });
});

it("is not frightened by a clock that is behind, or by no steps", () => {
  expect(after(-5)).toMatchObject({ due: null, inS: 60 });
  expect(escalationOf(OPENED, [], OPENED)).toEqual({ due: null, dueForS: 0, next: null, inS: 0 });
});

it("writes seconds as a clock", () => {
  expect(["0:45", "2:05", "1:00:05"]).toEqual([45, 125, 3605].map(clockOf));
});
