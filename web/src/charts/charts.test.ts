import { describe, expect, it } from "vitest";
import { everyOf, nearest, rangeOf, runs } from "./series";
import { sharesOf, spansOf } from "./spans";
import { offsetMs, tickText, timeTicks } from "./times";

const HOUR = 3_600_000;
const at = (t_ms: number, mean = 1) => ({ t_ms, mean, least: mean - 1, most: mean + 1 });

describe("times of the axis", () => {
  const noon = Date.UTC(2026, 10, 28, 4, 0, 0); // 12:00 in Shanghai

  it("know the zone's clock, not the reader's", () => {
    expect(offsetMs(noon, "Asia/Shanghai")).toBe(8 * HOUR);
    expect(offsetMs(noon, "Asia/Kathmandu")).toBe(5.75 * HOUR);
  });

  it("are round in the zone and few", () => {
    const { stepMs, times } = timeTicks(noon + 1, noon + 24 * HOUR, 6, "Asia/Kathmandu");
    expect(stepMs).toBe(6 * HOUR);
    expect(times.length).toBeLessThanOrEqual(6);
    for (const t of times) expect((t + 5.75 * HOUR) % stepMs).toBe(0);
  });

  it("stay round over the end of summer time", () => {
    const from = Date.UTC(2026, 9, 24, 0, 0, 0);
    const { times } = timeTicks(from, from + 3 * 24 * HOUR, 4, "Europe/Berlin");
    for (const t of times) expect((t + offsetMs(t, "Europe/Berlin")) % (24 * HOUR)).toBe(0);
    expect(times.length).toBe(3);
  });

  it("are written as short as their step allows", () => {
    expect(tickText(noon, HOUR, "en", "Asia/Shanghai")).toBe("12:00");
    expect(tickText(noon, 10_000, "en", "Asia/Shanghai")).toBe("12:00:00");
    expect(tickText(noon + 12 * HOUR, HOUR, "zh", "Asia/Shanghai")).toBe("11/29");
  });
});

describe("series", () => {
  it("break where an interval is missing", () => {
    const all = [at(0), at(HOUR), at(3 * HOUR), at(4 * HOUR)];
    expect(runs(all, HOUR).map((run) => run.length)).toEqual([2, 2]);
    expect(everyOf(all)).toBe(HOUR);
    expect(runs([], HOUR)).toEqual([]);
  });

  it("give the nearest item", () => {
    const all = [at(0), at(10), at(30)];
    expect([-5, 4, 6, 19, 21, 99].map((t) => nearest(all, t))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(nearest([], 1)).toBe(-1);
  });

  it("have a range with room, also of one value", () => {
    expect(rangeOf([at(0, 5), at(1, 9)], [20])).toEqual([4, 20]);
    expect(rangeOf([])).toEqual([0, 1]);
    const [low, high] = rangeOf([{ t_ms: 0, mean: 80, least: 80, most: 80 }]);
    expect(low).toBeLessThan(80);
    expect(high).toBeGreaterThan(80);
  });
});

describe("spells", () => {
  const spells = [
    { from_ms: 50, to_ms: 90, presence: "offline" },
    { from_ms: -20, to_ms: 30, presence: "online" },
    { from_ms: 30, to_ms: 50, presence: "online" },
    { from_ms: 90, to_ms: 200, presence: "no such word" },
  ];

  it("are clipped, in order, and equal neighbours are one", () => {
    expect(spansOf(spells, 0, 100)).toEqual([
      { fromMs: 0, toMs: 50, presence: "online" },
      { fromMs: 50, toMs: 90, presence: "offline" },
      { fromMs: 90, toMs: 100, presence: "unknown" },
    ]);
  });

  it("have shares that sum to one", () => {
    const shares = sharesOf(spansOf(spells, 0, 100));
    expect(shares.map(({ presence }) => presence)).toEqual(["online", "offline", "unknown"]);
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(shares[0]?.share).toBeCloseTo(0.5);
  });
});
