import { expect, it } from "vitest";
import { numberText, percent, severityTone, spanParts } from "./healthText";

it("says a span in its two greatest units", () => {
  expect(spanParts(0)).toEqual([["span_s", 0]]);
  expect(spanParts(59.9)).toEqual([["span_s", 59]]);
  expect(spanParts(3_600)).toEqual([["span_h", 1]]);
  expect(spanParts(3_661)).toEqual([
    ["span_h", 1],
    ["span_min", 1],
  ]);
  expect(spanParts(90_061)).toEqual([
    ["span_d", 1],
    ["span_h", 1],
  ]);
});

it("never rounds an availability up to all of the time", () => {
  expect(percent(1)).toBe("100 %");
  expect(percent(0.999_999)).toBe("99.99 %");
  expect(percent(0.993_1)).toBe("99.31 %");
  expect(percent(0.000_001)).toBe("0.01 %");
  expect(percent(0)).toBe("0.00 %");
  expect(percent(null)).toBeNull();
});

it("leaves unknown numbers unknown", () => {
  expect(numberText(null)).toBeNull();
  expect(numberText(18.73)).toBe("18.7");
  expect(numberText(1501.3, "disk_used_gb")).toBe("1,501");
});

it("has a tone for each severity of the API", () => {
  const words = ["fire", "outage", "security", "offline", "failing", "degraded", "late", "fine"];
  expect(words.map(severityTone)).not.toContain("plain");
});
