/** Series of a chart as pure functions: runs without gaps, the nearest one, the range of values. */

/** One measure over one interval that begins at `t_ms`, as the API gives it. */
export interface Interval {
  t_ms: number;
  mean: number;
  least: number;
  most: number;
}

export interface TrendPoint {
  t_ms: number;
  value: number;
}

/** The length of an interval when nobody says it: the smallest usual distance of two. */
export function everyOf(intervals: readonly Interval[]): number {
  const apart: number[] = [];
  for (let k = 1; k < intervals.length; k += 1) {
    apart.push((intervals[k]?.t_ms ?? 0) - (intervals[k - 1]?.t_ms ?? 0));
  }
  apart.sort((a, b) => a - b);
  return apart[Math.floor(apart.length / 4)] ?? 0;
}

/** Stretches that follow each other without a gap; an interval that is missing is a gap. */
export function runs(intervals: readonly Interval[], everyMs: number): Interval[][] {
  const found: Interval[][] = [];
  for (const one of intervals) {
    const run = found.at(-1);
    const before = run?.at(-1);
    if (run && before && one.t_ms - before.t_ms <= everyMs * 1.5) run.push(one);
    else found.push([one]);
  }
  return found;
}

/** Number of the item whose time is nearest; -1 of none. Items are in order of time. */
export function nearest(items: readonly { t_ms: number }[], tMs: number): number {
  let low = 0;
  let high = items.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.t_ms ?? 0) < tMs) low = middle + 1;
    else high = middle;
  }
  const before = items[low - 1];
  const after = items[low];
  if (before && after && tMs - before.t_ms < after.t_ms - tMs) return low - 1;
  return low;
}

/** Least and most of everything that is drawn, with room when both are one. */
export function rangeOf(
  intervals: readonly Interval[],
  others: readonly number[] = [],
): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const one of intervals) {
    low = Math.min(low, one.least);
    high = Math.max(high, one.most);
  }
  for (const value of others) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high) {
    const room = Math.max(Math.abs(low) * 0.02, 0.5);
    return [low - room, high + room];
  }
  return [low, high];
}

/** A number as people read it, at most so many digits behind the point. */
export function numberText(value: number, language: string, digits = 1): string {
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", {
    maximumFractionDigits: digits,
  }).format(value);
}
