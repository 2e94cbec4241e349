import { describe, expect, it } from "vitest";
import {
  type Explained,
  frameOf,
  type Happening,
  insetOf,
  MARKED,
  marked,
  markRows,
  momentsOf,
  roundLength,
  rowsOf,
  spanOf,
  stretches,
  topOf,
} from "./story";

/** Fixes every 10 s; `moved` null = not judged. */
function fixesOf(moved: (number | null)[], runs: number[] = []): Explained["fixes"] {
  const each = (value: (m: number) => number) => moved.map((m) => (m === null ? null : value(m)));
  return {
    t_ms: moved.map((_, k) => k * 10_000),
    kind: moved.map((m) => (m === null ? "unscored" : m > 100 ? "police" : "scored")),
    east_m: moved,
    north_m: each(() => 0),
    acc_m: each(() => 6),
    speed_mps: each(() => 5),
    run: moved.map((m, k) => (m === null ? null : (runs[k] ?? 0))),
    moved_m: moved,
    sigma_m: each(() => 5),
    owner_radius_m: each(() => 35),
    police_radius_m: each(() => 100),
    score: each((m) => m / 10),
    total: each((m) => m / 10 + 2),
    owner_threshold: each(() => 8),
    police_threshold: each(() => 10),
  };
}

const step = (at_ms: number, kind: string, level = -1): Happening => ({
  at_ms,
  kind,
  code: kind,
  en: kind,
  zh: kind,
  by: "",
  level,
});

function explainedOf(fixes: Explained["fixes"], happenings: Happening[] = []): Explained {
  return {
    alert_id: "a",
    vehicle_id: "v",
    timezone: "Asia/Shanghai",
    from_ms: -900_000,
    to_ms: 900_000,
    began_ms: -9_000_000,
    neighbours: 0,
    whole_area: true,
    raised_again: true,
    verdict: { en: "", zh: "" },
    because: [],
    alerts: [],
    centre: null,
    decisive: null,
    decisive_signs: [],
    fixes_total: fixes.t_ms.length,
    fixes,
    witnesses: [],
    hindrances: [],
    happenings,
    unwatched: [],
    silences: [],
  };
}

describe("rows", () => {
  const rows = rowsOf(fixesOf([1, 2, null, 3, 300], [0, 0, 0, 1, 1]));

  it("have numbers only where the fix was judged", () => {
    expect(rows.map((row) => row.judged?.movedM)).toEqual([1, 2, undefined, 3, 300]);
    expect(rows.map((row) => row.kind)).toEqual([
      "scored",
      "scored",
      "unscored",
      "scored",
      "police",
    ]);
  });

  it("are cut into stretches of watching", () => {
    expect(stretches(rows).map((run) => run.map((row) => row.judged.movedM))).toEqual([
      [1, 2],
      [3, 300],
    ]);
  });

  it("do not lead over a kind that a newer server may know", () => {
    const fixes = { ...fixesOf([1]), kind: ["telepathic"] };
    expect(rowsOf(fixes)[0]?.kind).toBe("unscored");
  });
});

describe("the axis", () => {
  it("shows where there is something, with room", () => {
    const explained = explainedOf(fixesOf([1, 2]), [step(50_000, "event")]);
    expect(spanOf(explained, rowsOf(explained.fixes))).toEqual([-30_000, 80_000]);
  });

  it("is the period when there is nothing", () => {
    expect(spanOf(explainedOf(fixesOf([])), [])).toEqual([-900_000, 900_000]);
  });

  it("ends near the thresholds and says what is beyond", () => {
    expect(topOf([5, 1_000], [100])).toEqual({ top: 300, beyond: 1_000 });
    expect(topOf([5, 150], [100])).toEqual({ top: 150, beyond: null });
    expect(topOf([], [10]).top).toBeGreaterThan(10);
    expect(topOf([], []).top).toBe(1);
  });
});

describe("the map", () => {
  it("holds every fix and the police radius", () => {
    const near = frameOf(rowsOf(fixesOf([1, 2])));
    expect([near.eastM, near.northM]).toEqual([0, 0]);
    expect(near.halfM).toBeGreaterThan(100);
    const far = frameOf(rowsOf(fixesOf([0, 2_000])));
    expect(far.eastM + far.halfM).toBeGreaterThan(2_000);
    expect(far.eastM - far.halfM).toBeLessThan(-100);
  });

  it("has a small one of the parked place only when that is too small to see", () => {
    expect(insetOf(rowsOf(fixesOf([0, 200])))).toBeNull();
    expect(insetOf(rowsOf(fixesOf([0, 2_000])))).toMatchObject({ eastM: 0, northM: 0 });
  });

  it("has a bar of round length", () => {
    expect([7, 49, 51, 250, 1_999].map(roundLength)).toEqual([5, 20, 50, 200, 1_000]);
  });
});

describe("marks", () => {
  it("keep steps and acts when events are too many", () => {
    const many = Array.from({ length: 30 }, (_, k) => step(k, k % 10 === 0 ? "alert" : "event"));
    const kept = marked(many);
    expect(kept).toHaveLength(MARKED);
    expect(kept.filter((one) => one.kind === "alert")).toHaveLength(3);
    expect(kept.map((one) => one.at_ms)).toEqual(
      [...kept.map((one) => one.at_ms)].sort((a, b) => a - b),
    );
  });

  it("stand above each other when they are near", () => {
    expect(markRows([0, 5, 9, 40, 41], 20)).toEqual([0, 1, 2, 0, 1]);
  });

  it("are moments where the level rises", () => {
    const explained = explainedOf(fixesOf([]), [
      step(1, "event"),
      step(2, "alert", 1),
      step(3, "alert", 1),
      step(4, "alert", 2),
      step(5, "alert", 1),
    ]);
    expect(momentsOf(explained).map(({ t_ms }) => t_ms)).toEqual([2, 4]);
  });
});
