import { expect, it } from "vitest";
import { ApiProblem } from "../api/problem";
import { endsInMs, isElsewhere401 } from "./sessionEnd";

it("looks a second after the end, at once when it is past, and never at a token's", () => {
  expect([null, 10_000, 4_000, 9e12].map((end) => endsInMs(end, 5_000))).toEqual([
    null,
    6_000,
    1_000,
    2_147_483_647,
  ]);
});

it("hears a 401 of any request but its own", () => {
  const out = new ApiProblem(401, { code: "unauthenticated" });
  expect(isElsewhere401(["incidents"], out)).toBe(true);
  expect(isElsewhere401(["session"], out)).toBe(false);
  expect(isElsewhere401(["incidents"], new ApiProblem(403, {}))).toBe(false);
  expect(isElsewhere401(["incidents"], new Error("x"))).toBe(false);
});
