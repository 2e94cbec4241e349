import { expect, it } from "vitest";
import { placesOf, startOf } from "./places";

const officer = { role: "officer", permissions: ["incidents_work", "stream"] } as const;
const desk = {
  role: "desk",
  permissions: ["incidents_work", "alerts_verdict", "devices_read"],
} as const;
const owner = { role: "owner", permissions: ["devices_read", "alerts_answer"] } as const;

it("shows a role only what it may see and works with", () => {
  expect(
    placesOf({ ...officer, permissions: [...officer.permissions] }).map((at) => at.path),
  ).toEqual(["/patrol"]);
  expect(placesOf({ ...desk, permissions: [...desk.permissions] }).map((at) => at.path)).toEqual([
    "/desk",
    "/staff/health",
    "/staff/cameras",
  ]);
  expect(placesOf({ ...owner, permissions: [...owner.permissions] })).toEqual([]);
});

it("begins where the role's work is", () => {
  expect(startOf({ role: "admin", permissions: ["incidents_work", "alerts_verdict"] })).toBe(
    "/desk",
  );
  expect(startOf({ role: "auditor", permissions: ["books_read"] })).toBe("/staff/revenue");
  expect(startOf({ role: "owner", permissions: [] })).toBeNull();
});
