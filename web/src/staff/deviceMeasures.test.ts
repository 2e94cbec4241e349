import { expect, it } from "vitest";
import { AHEAD_MS, MEASURES, measuresOf, prediction } from "./deviceMeasures";
import { words } from "./words-device";

const NOW = 1_764_059_400_000;
const DAY = 86_400_000;
const iso = (ms: number) => new Date(ms).toISOString();

it("has words for each measure", () => {
  for (const { name } of Object.values(MEASURES).flat()) {
    expect(Object.keys(words.en)).toContain(`m_${name}`);
  }
});

it("knows no measure of a gateway, nor of a class to come", () => {
  expect(measuresOf("gw")).toEqual([]);
  expect(measuresOf("drone")).toEqual([]);
});

it("draws a battery's line to where it is empty", () => {
  const going = { level: 20, per_day: -4, empty: iso(NOW + 5 * DAY) };
  expect(prediction(going, NOW)).toEqual([
    { t_ms: NOW, value: 20 },
    { t_ms: NOW + 5 * DAY, value: 0 },
  ]);
});

it("cuts a line off that goes far ahead, on its way down", () => {
  const [, end] = prediction({ level: 56, per_day: -2, empty: iso(NOW + 2 * AHEAD_MS) }, NOW);
  expect(end).toEqual({ t_ms: NOW + AHEAD_MS, value: 28 });
});

it("draws nothing where nobody can say", () => {
  expect(prediction({ level: 50, per_day: 0, empty: null }, NOW)).toEqual([]);
  expect(prediction({ level: 1, per_day: -9, empty: iso(NOW - 1) }, NOW)).toEqual([]);
});
