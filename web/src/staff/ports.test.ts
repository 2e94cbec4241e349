import { expect, it } from "vitest";
import { besidePorts, energy, minutesBetween, moodOf, power } from "./ports";

const port = { state: "available", err: "", causes: [], in_use: false };
const cause = { code: "port_dead", en: "dead", zh: "死" };

it("puts trouble before everything else a port says", () => {
  expect(moodOf(port)).toBe("free");
  expect(moodOf({ ...port, state: "charging", in_use: true })).toBe("in_use");
  expect(moodOf({ ...port, causes: [cause] })).toBe("trouble");
  expect(moodOf({ ...port, state: "charging", in_use: true, err: "overtemp" })).toBe("trouble");
  expect(moodOf({ ...port, state: "faulted" })).toBe("trouble");
  expect(moodOf({ ...port, state: "unavailable" })).toBe("out");
});

it("does not say twice what stands at the port", () => {
  const other = { ...cause, code: "box_full" };

  expect(besidePorts([cause, other], [{ causes: [cause] }])).toEqual([other]);
  expect(besidePorts([cause], [])).toEqual([cause]);
});

it("writes power and energy with their units, and the unknown as unknown", () => {
  expect([power(149.4), power(0), power(null)]).toEqual(["149 W", "0 W", "–"]);
  expect([energy(999), energy(1_234), energy(0), energy(null)]).toEqual([
    "999 Wh",
    "1.23 kWh",
    "0 Wh",
    "–",
  ]);
});

it("knows no length of what runs backwards", () => {
  expect(minutesBetween(0, 240 * 60_000)).toBe(240);
  expect(minutesBetween(60_000, 0)).toBe(null);
  expect(minutesBetween(null, 0)).toBe(null);
});
