import { describe, expect, it } from "vitest";
import {
  csvAddress,
  isDay,
  periodFault,
  readChargers,
  readRevenue,
  shiftDay,
  withQuery,
  writeChargers,
  writeRevenue,
} from "./moneyFilters";

describe("the filter of revenue", () => {
  it("comes back from the address as it went in", () => {
    const filters = [
      { by: "station" as const },
      { by: "day" as const, from: "2025-11-01", to: "2025-11-30", area: "340104" },
    ];
    for (const filter of filters) expect(readRevenue(writeRevenue(filter))).toEqual(filter);
  });

  it("leaves out what is no filter, so that a mistyped address still shows a page", () => {
    const read = readRevenue(new URLSearchParams("by=moon&from=2025-02-30&to=x&area=abc"));

    expect(read).toEqual({ by: "station" });
  });

  it("does not write what is the default", () => {
    expect(withQuery("/staff/revenue", writeRevenue({ by: "station" }))).toBe("/staff/revenue");
  });
});

it("asks for the same list as a table, whatever else was asked", () => {
  const search = writeRevenue({ by: "day", area: "340104" });

  expect(csvAddress("/v1/revenue", search)).toBe("/v1/revenue?by=day&area=340104&format=csv");
  expect(search.has("format")).toBe(false);
});

it("keeps the filter of stations", () => {
  const filter = { area: "340104", site: "site-0001", trouble: true as const };

  expect(readChargers(writeChargers(filter))).toEqual(filter);
  expect(readChargers(new URLSearchParams("trouble=no&site=a%20b"))).toEqual({});
});

it("counts days over the ends of months and years", () => {
  expect(shiftDay("2025-03-01", -1)).toBe("2025-02-28");
  expect(shiftDay("2025-12-31", 1)).toBe("2026-01-01");
  expect(isDay("2024-02-29")).toBe(true);
  expect(isDay("2025-02-29")).toBe(false);
});

it("says what is wrong with a period before the server does", () => {
  expect(periodFault("2025-11-02", "2025-11-01")).toBe("period_backwards");
  expect(periodFault("2025-11-01", "2025-11-01")).toBe(null);
  expect(periodFault("2024-10-27", "2025-12-01")).toBe(null);
  expect(periodFault("2024-10-26", "2025-12-01")).toBe("period_long");
});
