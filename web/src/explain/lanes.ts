/** Curves of the lanes as SVG paths. */
import { type ScaleLinear, scaleLinear } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import type { JudgedRow } from "./story";

export type Scale = ScaleLinear<number, number>;
export type Value = (row: JudgedRow) => number;

export function heightScale(low: number, high: number, height: number): Scale {
  return scaleLinear([low, high], [height, 0]).clamp(true);
}

export function curveOf(run: readonly JudgedRow[], x: Scale, y: Scale, value: Value): string {
  const path = line<JudgedRow>(
    (row) => x(row.t_ms),
    (row) => y(value(row)),
  );
  return path([...run]) ?? "";
}

/** A threshold: it holds from one fix until the next. */
export function stepsOf(run: readonly JudgedRow[], x: Scale, y: Scale, value: Value): string {
  const path = line<JudgedRow>(
    (row) => x(row.t_ms),
    (row) => y(value(row)),
  ).curve(curveStepAfter);
  return path([...run]) ?? "";
}

export function bandOf(
  run: readonly JudgedRow[],
  x: Scale,
  y: Scale,
  low: Value,
  high: Value,
): string {
  const path = area<JudgedRow>(
    (row) => x(row.t_ms),
    (row) => y(low(row)),
    (row) => y(high(row)),
  );
  return path([...run]) ?? "";
}
