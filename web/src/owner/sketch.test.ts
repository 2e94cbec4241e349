import { expect, it } from "vitest";
import { round125, sketchOf } from "./sketch";

const BOX = { width: 360, height: 220, edge: 28 };
const AT = { lat_deg: 31.82, lon_deg: 117.22 };
const north = (m: number) => ({ ...AT, lat_deg: AT.lat_deg + m / 111_320 });

it("keeps everything inside, north up and to scale", () => {
  const sketch = sketchOf([AT, north(400), north(1000)], 50, BOX);
  const ys = sketch?.points.map((at) => at.y) ?? [];
  expect(ys[0]).toBeGreaterThan(ys[2] ?? 0);
  expect(Math.min(...ys)).toBeGreaterThanOrEqual(28);
  expect(Math.max(...ys)).toBeLessThanOrEqual(192);
  expect(((ys[0] ?? 0) - (ys[2] ?? 0)) / (sketch?.perM ?? 1)).toBeCloseTo(1000, 0);
});

it("a parked vehicle's noise does not look like a ride", () => {
  const sketch = sketchOf([AT, north(4)], 6, BOX);
  const [from, to] = sketch?.points ?? [];
  expect(Math.abs((from?.y ?? 0) - (to?.y ?? 0))).toBeLessThan(5);
});

it("nothing known is nothing drawn", () => {
  expect(sketchOf([], 5, BOX)).toBeNull();
});

it("the scale is a round number", () => {
  expect([7, 49, 120, 999, 0.3].map(round125)).toEqual([5, 20, 100, 500, 0.2]);
});
