import { expect, it } from "vitest";
import { dotsOf } from "./dots";
import { withPosition } from "./live";
import type { Item } from "./queue";

const AT = {
  incident_id: "i1",
  lat_deg: 31.8,
  lon_deg: 117.2,
  acc_m: 6,
  course_deg: null,
  t_ms: 9,
};

it("keeps the newest position of each incident", () => {
  const one = withPosition(new Map(), AT);
  const two = withPosition(one, { ...AT, lat_deg: 31.9, t_ms: 12 });
  expect(two.get("i1")).toEqual({ lat: 31.9, lon: 117.2, accM: 6, courseDeg: null, tMs: 12 });
  expect(withPosition(two, AT)).toBe(two);
});

it("passes over what is no position", () => {
  const before = new Map();
  expect(withPosition(before, { ...AT, lat_deg: null })).toBe(before);
  expect(withPosition(before, null)).toBe(before);
});

it("puts an incident where it is now, an alert where it was, and nothing nowhere", () => {
  const item = { type: "incident", id: "i1", lat: 1, lon: 2 } as Item;
  const live = withPosition(new Map(), AT);
  expect(dotsOf([item], live)).toEqual([{ item, lat: 31.8, lon: 117.2 }]);
  const alert = { ...item, type: "alert" } as Item;
  expect(dotsOf([alert], live)).toEqual([{ item: alert, lat: 1, lon: 2 }]);
  expect(dotsOf([{ ...alert, lat: null }], live)).toEqual([]);
});
