import { expect, it } from "vitest";
import { forecastOf, shortDays } from "./boxForecast";

const full = { coins_per_day: 40, of_days: 7, days: 1.5, low_days: 1.04, high_days: 12.6 };

it("gives the likely date and the interval", () => {
  expect(forecastOf(full, 0)).toEqual({
    kind: "range",
    low: "1.0",
    high: "13",
    likelyMs: 1.5 * 86_400_000,
  });
});

it("does not invent an end where there is perhaps none", () => {
  const never = { ...full, days: null, high_days: null };

  expect(forecastOf(never, 0)).toMatchObject({ kind: "range", high: null, likelyMs: null });
});

it("tells a full box from one of which nothing is known", () => {
  expect(forecastOf({ ...full, days: 0, low_days: 0, high_days: 0 }, 0)).toEqual({ kind: "now" });
  expect(forecastOf(null, 0)).toEqual({ kind: "unknown" });
});

it("is no more exact than it can be", () => {
  expect([shortDays(0.04), shortDays(9.96), shortDays(10.4)]).toEqual(["0.0", "10.0", "10"]);
});
