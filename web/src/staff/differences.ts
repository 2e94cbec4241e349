/** A difference of two sums as it is drawn: what is explained, what is likely, what is open. */
import type { Schemas } from "../api/client";

export type Comparison = Schemas["ComparisonOut"];
export type DifferenceLine = Schemas["DifferenceOut"];

export type Kind = "known" | "likely" | "open";

export function kindOf(line: Pick<DifferenceLine, "certain" | "is_open">): Kind {
  if (line.is_open) return "open";
  return line.certain ? "known" : "likely";
}

export interface Segment {
  line: DifferenceLine;
  kind: Kind;
  /** From where to where on the axis, 0 to 1; zero itself is at `Drawing.zero`. */
  from: number;
  to: number;
}

export interface Drawing {
  zero: number;
  segments: Segment[];
}

/** Parts below zero to the left, above it to the right, on one scale; the biggest nearest to zero. */
export function draw(comparison: Pick<Comparison, "lines">): Drawing {
  const lines = comparison.lines.filter((line) => line.fen !== 0);
  const below = sum(lines.filter((line) => line.fen < 0).map((line) => -line.fen));
  const above = sum(lines.filter((line) => line.fen > 0).map((line) => line.fen));
  const span = below + above;
  if (span === 0) return { zero: 0.5, segments: [] };
  const zero = below / span;
  let left = zero;
  let right = zero;
  const segments: Segment[] = [];
  for (const line of [...lines].sort((a, b) => Math.abs(b.fen) - Math.abs(a.fen))) {
    const width = Math.abs(line.fen) / span;
    if (line.fen < 0) {
      segments.push({ line, kind: kindOf(line), from: left - width, to: left });
      left -= width;
    } else {
      segments.push({ line, kind: kindOf(line), from: right, to: right + width });
      right += width;
    }
  }
  return { zero, segments };
}

/** What nobody can explain, whichever way it goes: over- and underruns do not cancel. */
export function openFen(comparisons: readonly Pick<Comparison, "lines">[]): number {
  const lines = comparisons.flatMap((one) => one.lines);
  return sum(lines.filter((line) => line.is_open).map((line) => Math.abs(line.fen)));
}

/** Whether the parts add up to the difference, and that is the second sum less the first. */
export function addsUp(comparison: Comparison): boolean {
  const parts = sum(comparison.lines.map((line) => line.fen));
  return (
    parts === comparison.difference_fen &&
    comparison.second_fen - comparison.first_fen === comparison.difference_fen
  );
}

/** The day to show first: the newest of those with the most that is open. */
export function dayToShow(
  days: readonly { key: string; comparisons: readonly Comparison[] }[],
): string | null {
  let best: { key: string; open: number } | null = null;
  for (const day of days) {
    const open = openFen(day.comparisons);
    if (best === null || open >= best.open) best = { key: day.key, open };
  }
  return best?.key ?? null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
