import { describe, expect, it } from "vitest";
import { addsUp, type Comparison, dayToShow, draw, kindOf, openFen } from "./differences";

function aLine(fen: number, kind: "known" | "likely" | "open", code = kind) {
  return { code, fen, certain: kind === "known", is_open: kind === "open", en: code, zh: code };
}

function compared(lines: ReturnType<typeof aLine>[], first = 1_000): Comparison {
  const difference = lines.reduce((all, line) => all + line.fen, 0);
  return {
    compared: "reports",
    first_fen: first,
    second_fen: first + difference,
    difference_fen: difference,
    open_fen: lines.filter((line) => line.is_open).reduce((all, line) => all + line.fen, 0),
    lines,
  };
}

describe("a difference as it is drawn", () => {
  it("puts what is less to the left of zero and what is more to the right, on one scale", () => {
    const drawn = draw(compared([aLine(-100, "open"), aLine(200, "known"), aLine(100, "likely")]));

    expect(drawn.zero).toBeCloseTo(0.25);
    expect(drawn.segments.map((one) => [one.kind, one.from, one.to])).toEqual([
      ["known", 0.25, 0.75],
      ["open", 0, 0.25],
      ["likely", 0.75, 1],
    ]);
  });

  it("covers the whole width without gap or overlap, whatever the parts", () => {
    const drawn = draw(compared([aLine(-7, "open"), aLine(-31, "known"), aLine(900, "likely")]));
    const ends = drawn.segments
      .map((one): [number, number] => [one.from, one.to])
      .sort((a, b) => a[0] - b[0]);

    expect(ends[0]?.[0]).toBeCloseTo(0);
    expect(ends.at(-1)?.[1]).toBeCloseTo(1);
    for (let k = 1; k < ends.length; k++) expect(ends[k]?.[0]).toBeCloseTo(ends[k - 1]?.[1] ?? 9);
  });

  it("has nothing to draw where nothing differs", () => {
    expect(draw(compared([])).segments).toEqual([]);
    expect(draw(compared([aLine(0, "known")])).segments).toEqual([]);
  });

  it("calls open what has no cause, whatever else it says", () => {
    expect(kindOf({ certain: false, is_open: true })).toBe("open");
    expect(kindOf({ certain: true, is_open: false })).toBe("known");
    expect(kindOf({ certain: false, is_open: false })).toBe("likely");
  });
});

it("does not let an overrun hide an underrun", () => {
  expect(openFen([compared([aLine(-300, "open"), aLine(300, "open"), aLine(50, "known")])])).toBe(
    600,
  );
});

it("tells parts that do not add up", () => {
  const good = compared([aLine(-100, "open"), aLine(30, "known")]);

  expect(addsUp(good)).toBe(true);
  expect(addsUp({ ...good, difference_fen: -69 })).toBe(false);
  expect(addsUp({ ...good, second_fen: good.second_fen + 1 })).toBe(false);
});

it("shows the day with the most that is open, the newest of equals", () => {
  const days = [
    { key: "2025-11-23", comparisons: [compared([aLine(-500, "open")])] },
    { key: "2025-11-24", comparisons: [] },
    { key: "2025-11-25", comparisons: [compared([aLine(900, "known")])] },
  ];

  expect(dayToShow(days)).toBe("2025-11-23");
  expect(dayToShow(days.slice(1))).toBe("2025-11-25");
  expect(dayToShow([])).toBe(null);
});
