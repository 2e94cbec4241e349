import { expect, it } from "vitest";
import { ApiProblem } from "../api/problem";
import { backOf, leftS, minutesAndSeconds, refusalOf } from "./lock";

const refused = (code: string, wait_s?: unknown) =>
  refusalOf(new ApiProblem(code === "login_wait" ? 429 : 401, { code, wait_s }), 1_000);

it("tells a wrong password from a wait, and both from everything else", () => {
  expect(refused("login_refused", 0)).toEqual({ kind: "wrong", untilMs: 0 });
  expect(refused("login_refused", 30)).toEqual({ kind: "wrong", untilMs: 31_000 });
  expect(refused("login_wait", 17)).toEqual({ kind: "wait", untilMs: 18_000 });
  expect(refused("login_wait", "soon")).toEqual({ kind: "wait", untilMs: 0 });
  expect(refused("busy")).toEqual({ kind: "other" });
});

it("counts down to nothing and not below", () => {
  expect([0, 29_001, 30_000, 31_000, 99_000].map((now) => leftS(31_000, now))).toEqual([
    31, 2, 1, 0, 0,
  ]);
  expect([0, 9, 60, 845].map(minutesAndSeconds)).toEqual(["0:00", "0:09", "1:00", "14:05"]);
});

it("goes back inside our pages only", () => {
  const tries = [{ back: "/desk/alerts/a?x=1" }, { back: "//evil.example" }, { back: "/\\evil" }];
  expect(tries.map(backOf)).toEqual(["/desk/alerts/a?x=1", "/", "/"]);
  expect([null, {}, { back: 1 }, { back: "/login" }, { back: "https://x" }].map(backOf)).toEqual([
    "/",
    "/",
    "/",
    "/",
    "/",
  ]);
});
