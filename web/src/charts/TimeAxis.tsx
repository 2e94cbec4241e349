import type { ScaleLinear } from "d3-scale";
import css from "./charts.module.css";
import { tickText, timeTicks } from "./times";

interface Props {
  x: ScaleLinear<number, number>;
  /** Height of the plot: lines go from 0 to here, words stand below. */
  height: number;
  language: string;
  zone: string | undefined;
  /** Lines alone, for lanes that share one axis. */
  wordless?: boolean;
}

const TICK_PX = 76;

/** Vertical lines at round times of the zone, with their words. */
export function TimeAxis({ x, height, language, zone, wordless = false }: Props) {
  const [fromMs = 0, toMs = 0] = x.domain();
  const [left = 0, right = 0] = x.range();
  const ticks = timeTicks(fromMs, toMs, Math.max(2, Math.floor((right - left) / TICK_PX)), zone);
  return (
    <g className={css.axis}>
      {ticks.times.map((tMs) => (
        <g key={tMs} transform={`translate(${x(tMs)},0)`}>
          <line y1={0} y2={height} />
          {!wordless && (
            <text y={height + 15} textAnchor="middle">
              {tickText(tMs, ticks.stepMs, language, zone)}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}
