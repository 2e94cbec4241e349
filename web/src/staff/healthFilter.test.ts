import { expect, it } from "vitest";
import {
  type DeviceFilter,
  filterOf,
  NO_FILTER,
  paramsOf,
  queryOf,
  sortOf,
  toggled,
  withoutWord,
  wordsIn,
} from "./healthFilter";

const FULL: DeviceFilter = {
  cls: ["trk", "cam"],
  presence: ["offline", "late"],
  condition: "degraded",
  cause: ["frozen", "battery_low"],
  admin: ["maintenance"],
  site: ["site-0001"],
  vendor: ["海康 & Co"],
  model: ["DS-2"],
  district: "340104",
  text: "north gate",
};

it("reads from the address what it wrote", () => {
  const address = paramsOf(FULL).toString();
  expect(filterOf(new URLSearchParams(address))).toEqual(FULL);
  expect(address).toContain("presence=offline&presence=late");
});

it("writes nothing of what is not asked", () => {
  expect(paramsOf(NO_FILTER).toString()).toBe("");
  expect(filterOf(new URLSearchParams(""))).toEqual(NO_FILTER);
});

it("passes over words that the API would refuse", () => {
  const typed = new URLSearchParams(
    "cls=car&presence=gone&condition=fine&admin=x&district=34&site=",
  );
  expect(filterOf(typed)).toEqual(NO_FILTER);
});

it("asks the API for what is filtered, and for no text that is too short", () => {
  expect(queryOf(FULL)).toEqual(FULL);
  expect(queryOf({ ...NO_FILTER, text: "n" })).toEqual({});
});

it("sorts retired devices as registered, all others by how bad they are", () => {
  expect(sortOf(FULL)).toBe("worst");
  expect(sortOf({ ...NO_FILTER, admin: ["retired"] })).toBe("slot");
});

it("adds a word, and takes it away the second time", () => {
  expect(toggled(["late"], "offline")).toEqual(["late", "offline"]);
  expect(toggled(["late", "offline"], "late")).toEqual(["offline"]);
});

it("takes every word away again that it names, one by one", () => {
  let filter = FULL;
  for (const [name, word] of wordsIn(FULL))
    filter = { ...filter, ...withoutWord(filter, name, word) };
  expect(wordsIn(FULL)).toContainEqual(["cause", "frozen"]);
  expect(withoutWord(FULL, "cause", "frozen")).toEqual({ cause: ["battery_low"] });
  expect(filter).toEqual(NO_FILTER);
});
