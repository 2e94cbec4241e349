import { type ReactNode, useId } from "react";
import { numberText } from "../charts/series";
import { TimeAxis } from "../charts/TimeAxis";
import css from "./explain.module.css";
import type { Scale } from "./lanes";
import type { Explained, JudgedRow, Row } from "./story";

export const LEFT = 44;
export const RIGHT = 10;
export const HEAD = 20;

/** What every lane is drawn with. */
export interface Framed {
  frame: { x: Scale; width: number; language: string; zone: string };
  explained: Explained;
  /** The fix that is read now. */
  row: Row | undefined;
}

export interface Judging extends Framed {
  /** Judged fixes by stretches of watching, and all of them. */
  runs: readonly JudgedRow[][];
  judged: readonly JudgedRow[];
}

interface Props {
  title: string;
  x: Scale;
  y?: Scale;
  width: number;
  /** Of the plot alone, px. */
  height: number;
  language: string;
  zone: string;
  /** The last lane has the times. */
  last?: boolean;
  /** What stands above an axis that ends before its highest value. */
  beyond?: string | null;
  children: ReactNode;
}

/** One lane: its title, its axis, and what is drawn, cut at its borders. */
export function Lane(props: Props) {
  const { title, x, y, width, height, language, zone, last = false, beyond, children } = props;
  const id = useId();
  const right = width - RIGHT;
  return (
    <svg height={HEAD + height + (last ? 22 : 4)} aria-hidden="true">
      <clipPath id={id}>
        <rect x={LEFT} y={-1} width={Math.max(right - LEFT, 0)} height={height + 2} />
      </clipPath>
      <text className={css.laneTitle} x={0} y={13}>
        {title}
      </text>
      {beyond && (
        <text className={css.small} x={right} y={13} textAnchor="end">
          {beyond}
        </text>
      )}
      <g transform={`translate(0,${HEAD})`}>
        <TimeAxis x={x} height={height} language={language} zone={zone} wordless={!last} />
        {y && (
          <g className={css.axis}>
            {y.ticks(3).map((value) => (
              <g key={value} transform={`translate(0,${y(value)})`}>
                <line x1={LEFT} x2={right} />
                <text x={LEFT - 6} dy="0.32em" textAnchor="end">
                  {numberText(value, language, 1)}
                </text>
              </g>
            ))}
          </g>
        )}
        <g clipPath={`url(#${id})`}>{children}</g>
      </g>
    </svg>
  );
}

/** Words at the end of a threshold's line. */
export function LineEnd(props: { x: number; y: number; above?: boolean; children: ReactNode }) {
  return (
    <text
      className={`${css.small} ${css.halo}`}
      x={props.x}
      y={props.y + (props.above ? -4 : 13)}
      textAnchor="start"
    >
      {props.children}
    </text>
  );
}
