/** One measure over time: its mean, the band of least to most, gaps as gaps, a prediction. */
import "./register";
import { scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../i18n";
import css from "./charts.module.css";
import { Numbers } from "./Numbers";
import {
  everyOf,
  type Interval,
  nearest,
  numberText,
  rangeOf,
  runs,
  type TrendPoint,
} from "./series";
import { TimeAxis } from "./TimeAxis";
import { fullTime } from "./times";
import { useWidth } from "./useWidth";

export interface TimeChartProps {
  /** What is measured, in words. */
  label: string;
  unit: string;
  /** In order of time; one that is missing is shown as a gap. */
  intervals: readonly Interval[];
  /** The period that is shown, ms. */
  from: number;
  to: number;
  /** Length of an interval, ms (`every_s` of the API); guessed when nobody says it. */
  everyMs?: number;
  height?: number;
  /** Where it is going: a dashed line. */
  trend?: readonly TrendPoint[];
  /** Values that mean something, each a dotted line with its words. */
  limits?: readonly { value: number; label: string }[];
  /** Digits behind the point. */
  digits?: number;
  /** IANA name of the city's zone; the reader's own without it. */
  timezone?: string;
}

const LEFT = 46;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 20;

export function TimeChart(props: TimeChartProps) {
  const { label, unit, intervals, from, to, trend = [], limits = [], timezone: zone } = props;
  const { t } = useTranslation("charts");
  const language = useLanguage();
  const [ref, width] = useWidth<HTMLDivElement>();
  const [cursor, setCursor] = useState(-1);
  const digits = props.digits ?? 1;
  const height = props.height ?? 160;
  const number = (value: number) => numberText(value, language, digits);
  if (intervals.length === 0) {
    return (
      <figure className={css.figure}>
        <figcaption className={css.label}>{label}</figcaption>
        <p className={css.none}>{t("no_values")}</p>
      </figure>
    );
  }
  const everyMs = props.everyMs ?? everyOf(intervals);
  const middle = (one: Interval) => one.t_ms + everyMs / 2;
  const inner = height - TOP - BOTTOM;
  const [least, most] = rangeOf(
    intervals,
    [...trend, ...limits].map(({ value }) => value),
  );
  const x = scaleLinear([from, to], [LEFT, Math.max(width - RIGHT, LEFT + 1)]);
  const y = scaleLinear([least, most], [inner, 0]).nice(4);
  const stretches = runs(intervals, everyMs);
  const meanPath = line<Interval>(
    (one) => x(middle(one)),
    (one) => y(one.mean),
  );
  const bandPath = area<Interval>(
    (one) => x(middle(one)),
    (one) => y(one.least),
    (one) => y(one.most),
  );
  const trendPath = line<TrendPoint>(
    (one) => x(one.t_ms),
    (one) => y(one.value),
  );
  const last = intervals[intervals.length - 1] as Interval;
  const picked = intervals[cursor];
  const spoken = (one: Interval) =>
    `${fullTime(one.t_ms, language, zone)}: ${number(one.mean)} ${unit} (${t("band_of", {
      least: number(one.least),
      most: number(one.most),
      unit,
    })})`;
  const summary = t("summary", {
    label,
    least: number(Math.min(...intervals.map((one) => one.least))),
    most: number(Math.max(...intervals.map((one) => one.most))),
    last: number(last.mean),
    unit,
  });

  function follow(event: PointerEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    setCursor(nearest(intervals, x.invert(event.clientX - box.left) - everyMs / 2));
  }

  function step(event: KeyboardEvent<HTMLDivElement>): void {
    const at = cursor < 0 ? intervals.length - 1 : cursor;
    const to_ = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: intervals.length - 1 }[
      event.key
    ];
    if (event.key === "Escape") setCursor(-1);
    if (to_ === undefined) return;
    event.preventDefault();
    setCursor(Math.min(Math.max(to_, 0), intervals.length - 1));
  }

  return (
    <figure className={css.figure}>
      <figcaption className={css.head}>
        <span className={css.label}>{label}</span>
        <span className={css.readout}>{spoken(picked ?? last)}</span>
      </figcaption>
      <div
        ref={ref}
        className={css.plot}
        role="slider"
        tabIndex={0}
        aria-label={summary}
        aria-valuemin={0}
        aria-valuemax={intervals.length - 1}
        aria-valuenow={cursor < 0 ? intervals.length - 1 : cursor}
        aria-valuetext={spoken(picked ?? last)}
        onPointerMove={follow}
        onPointerDown={follow}
        onPointerLeave={() => setCursor(-1)}
        onKeyDown={step}
      >
        <svg height={height} aria-hidden="true">
          {width > 0 && (
            <g transform={`translate(0,${TOP})`}>
              <TimeAxis x={x} height={inner} language={language} zone={zone} />
              <g className={css.axis}>
                {y.ticks(4).map((value) => (
                  <g key={value} transform={`translate(0,${y(value)})`}>
                    <line x1={LEFT} x2={width - RIGHT} />
                    <text x={LEFT - 6} dy="0.32em" textAnchor="end">
                      {numberText(value, language, 3)}
                    </text>
                  </g>
                ))}
              </g>
              {stretches.map((run) =>
                run.length === 1 && run[0] ? (
                  <rect
                    key={run[0].t_ms}
                    className={css.single}
                    x={x(middle(run[0])) - 1.5}
                    y={y(run[0].most) - 1}
                    width={3}
                    height={y(run[0].least) - y(run[0].most) + 2}
                  />
                ) : (
                  <g key={run[0]?.t_ms}>
                    <path className={css.band} d={bandPath(run) ?? ""} />
                    <path className={css.mean} d={meanPath(run) ?? ""} />
                  </g>
                ),
              )}
              {trend.length > 1 && (
                <path className={css.trend} d={trendPath([...trend]) ?? ""}>
                  <title>{t("prediction")}</title>
                </path>
              )}
              {limits.map((limit) => (
                <g key={limit.label} transform={`translate(0,${y(limit.value)})`}>
                  <line className={css.limit} x1={LEFT} x2={width - RIGHT} />
                  <text className={css.limitText} x={width - RIGHT} dy={-4} textAnchor="end">
                    {limit.label}
                  </text>
                </g>
              ))}
              {picked && (
                <g className={css.cursor} transform={`translate(${x(middle(picked))},0)`}>
                  <line y1={0} y2={inner} />
                  <circle cy={y(picked.mean)} r={4} />
                </g>
              )}
            </g>
          )}
        </svg>
      </div>
      <Numbers
        caption={label}
        heads={[t("time"), `${t("mean")} (${unit})`, t("least"), t("most")]}
        rows={intervals}
        cells={(one) => [
          fullTime(one.t_ms, language, zone),
          number(one.mean),
          number(one.least),
          number(one.most),
        ]}
      />
    </figure>
  );
}
