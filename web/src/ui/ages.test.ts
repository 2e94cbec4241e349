import { expect, it } from "vitest";
import { spoken } from "./ages";

const NOW = 1_764_059_400_000;
const ago = (s: number) => spoken(NOW - s * 1000, NOW);

it("counts seconds up to two minutes, then minutes, hours, days", () => {
  expect(ago(12)).toEqual({ key: "seconds_ago", count: 12 });
  expect(ago(119)).toEqual({ key: "seconds_ago", count: 119 });
  expect(ago(120)).toEqual({ key: "minutes_ago", count: 2 });
  expect(ago(7199)).toEqual({ key: "minutes_ago", count: 119 });
  expect(ago(7200)).toEqual({ key: "hours_ago", count: 2 });
  expect(ago(48 * 3600)).toEqual({ key: "days_ago", count: 2 });
});

it("never says an age longer than it is", () => {
  expect(ago(179)).toEqual({ key: "minutes_ago", count: 2 });
});

it("tells what comes", () => {
  expect(ago(-30)).toEqual({ key: "in_seconds", count: 30 });
  expect(ago(0)).toEqual({ key: "just_now", count: 0 });
});
