import { describe, expect, it } from "vitest";
import { outcomesOf, stepsOf } from "./steps";

describe("the buttons", () => {
  it("lead from the call to the outcome, one at a time", () => {
    const way = ["open", "acknowledged", "en_route", "on_scene", "recovered", "closed"];
    const next = way.map((state) => stepsOf(state, null).main[0]);
    expect(next).toEqual([
      "acknowledged",
      "en_route",
      "on_scene",
      "recovered",
      "closed",
      undefined,
    ]);
  });

  it("are only what the server allows", () => {
    expect(stepsOf("open", ["false_alarm"])).toEqual({ main: [], more: ["false_alarm"] });
    expect(stepsOf("en_route", [])).toEqual({ main: [], more: [] });
  });

  it("know no state that the server invents later", () => {
    expect(stepsOf("handed_over", null)).toEqual({ main: [], more: [] });
  });

  it("offer outcomes that fit", () => {
    expect(outcomesOf("recovered", "movement")[0]).toBe("theft_recovered_arrest");
    expect(outcomesOf("false_alarm", "movement").some((one) => one.startsWith("theft"))).toBe(
      false,
    );
    expect(outcomesOf("recovered", "fire")).toContain("fire");
  });
});
