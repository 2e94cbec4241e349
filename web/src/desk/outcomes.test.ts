import { expect, it } from "vitest";
import { NO_THEFT, OUTCOMES, outcomesFor } from "./outcomes";
import { words } from "./words";

it("has words for every outcome in both languages", () => {
  for (const one of OUTCOMES) {
    expect(words.en[`outcome_${one}` as keyof typeof words.en], one).toBeTruthy();
    expect(words.zh[`outcome_${one}` as keyof typeof words.zh], one).toBeTruthy();
  }
});

it("dismisses nothing as a theft, and closes no theft as a fire", () => {
  expect(NO_THEFT.some((one) => one.startsWith("theft"))).toBe(false);
  expect(outcomesFor("movement")).not.toContain("fire");
  expect(outcomesFor("fire")[0]).toBe("fire");
  expect(outcomesFor("fire").some((one) => one.startsWith("theft"))).toBe(false);
});
