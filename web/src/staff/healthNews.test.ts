import { expect, it } from "vitest";
import { NO_FILTER } from "./healthFilter";
import { type HealthChange, heard, NO_NEWS, touches } from "./healthNews";

const WENT: HealthChange = {
  device: "cam-1",
  cls: "cam",
  area: "340104001",
  site_id: "site-1",
  presence: "offline",
  condition: "ok",
  admin: "active",
  causes: [{ code: "silent" }],
  was: { presence: "online", condition: "degraded", admin: "active", causes: [{ code: "frozen" }] },
};

it("counts each device once", () => {
  const once = heard(
    NO_NEWS,
    { missed: false, changes: [WENT, { ...WENT, device: "cam-2" }] },
    NO_FILTER,
  );
  const twice = heard(once, { missed: false, changes: [WENT] }, NO_FILTER);
  expect([...twice.changed]).toEqual(["cam-1", "cam-2"]);
  expect(twice.missed).toBe(false);
});

it("says nothing of what the list does not hold", () => {
  const filter = { ...NO_FILTER, district: "340103" };
  expect(heard(NO_NEWS, { missed: false, changes: [WENT] }, filter)).toBe(NO_NEWS);
});

it("tells who comes into the list and who leaves it", () => {
  expect(touches(WENT, { ...NO_FILTER, presence: ["offline"] })).toBe(true);
  expect(touches(WENT, { ...NO_FILTER, presence: ["online"] })).toBe(true);
  expect(touches(WENT, { ...NO_FILTER, presence: ["late"] })).toBe(false);
  expect(touches(WENT, { ...NO_FILTER, cause: ["frozen"] })).toBe(true);
  expect(touches(WENT, { ...NO_FILTER, cause: ["black"] })).toBe(false);
  expect(touches(WENT, { ...NO_FILTER, condition: "degraded", site: ["site-2"] })).toBe(false);
});

it("says when the stream left something out", () => {
  expect(heard(NO_NEWS, { missed: true, changes: [] }, NO_FILTER).missed).toBe(true);
});
