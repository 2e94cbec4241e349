import { expect, it } from "vitest";
import { yuan, yuanSigned } from "./money";

it("has two decimals and groups of thousands, and never a float's rounding", () => {
  expect(yuan(0)).toBe("¥0.00");
  expect(yuan(5)).toBe("¥0.05");
  expect(yuan(123_450)).toBe("¥1,234.50");
  expect(yuan(9_007_199_254_740_991)).toBe("¥90,071,992,547,409.91");
});

it("writes what is less than nothing with its sign, the cents too", () => {
  expect(yuan(-5)).toBe("−¥0.05");
  expect(yuanSigned(-12_300)).toBe("−¥123.00");
  expect(yuanSigned(100)).toBe("+¥1.00");
  expect(yuanSigned(0)).toBe("¥0.00");
});

it("does not call the unknown nothing", () => {
  expect(yuan(null)).toBe("–");
  expect(yuan(undefined)).toBe("–");
});
