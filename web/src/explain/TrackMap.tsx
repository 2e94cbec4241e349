/** The way in metres about the parked place: noise, radii of the levels, track by time, fixes. */
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { numberText } from "../charts/series";
import { useWidth } from "../charts/useWidth";
import { useLanguage } from "../i18n";
import { Dot } from "./Dot";
import css from "./explain.module.css";
import { Legend, shade } from "./Legend";
import { type Frame, frameOf, insetOf, type Judged, type Row, roundLength } from "./story";

interface Props {
  rows: readonly Row[];
  /** Numbers of the fix that explains most: noise and radii are its. */
  decisive: Judged | null;
  /** Number of the row that is read now, -1 of none. */
  picked: number;
}

const MOST_PX = 460;
const INSET_SHARE = 0.36;

export function TrackMap({ rows, decisive, picked }: Props) {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const name = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const placed = rows.filter((row) => row.eastM !== null && row.northM !== null);
  const size = Math.min(width, MOST_PX);
  const inset = insetOf(rows);
  const frame = frameOf(rows);
  const small = size * INSET_SHARE;
  const far = placed.reduce(
    (most, row) => Math.max(most, Math.hypot(row.eastM ?? 0, row.northM ?? 0)),
    0,
  );
  if (placed.length === 0) return <p className="muted">{t("no_place")}</p>;
  const metres = (value: number | undefined) => numberText(value ?? 0, language, 0);
  return (
    <div className={css.map} ref={ref}>
      <svg
        width={size}
        height={size}
        role="img"
        aria-labelledby={`${name}-t ${name}-d`}
        style={{ width: size }}
      >
        <title id={`${name}-t`}>{t("map")}</title>
        <desc id={`${name}-d`}>
          {t("map_desc", {
            count: placed.length,
            far: metres(far),
            sigma: metres(decisive?.sigmaM),
            owner: metres(decisive?.ownerM),
            police: metres(decisive?.policeM),
          })}
        </desc>
        {size > 0 && (
          <>
            <Ground className={css.ground} size={size}>
              <Inside frame={frame} size={size} rows={rows} decisive={decisive} picked={picked} />
            </Ground>
            <Bar frame={frame} size={size} language={language} />
            <g transform={`translate(${size - 18},14)`}>
              <path className={css.arrow} d="M0-8L5 4L0 1L-5 4Z" />
              <text className={css.small} y={18} textAnchor="middle">
                {t("north")}
              </text>
            </g>
            {inset && (
              <g transform={`translate(${cornerOf(frame, size, small)})`}>
                <Ground className={css.inset} size={small}>
                  <Inside
                    frame={inset}
                    size={small}
                    rows={rows}
                    decisive={decisive}
                    picked={picked}
                  />
                </Ground>
                <Bar frame={inset} size={small} language={language} />
              </g>
            )}
          </>
        )}
      </svg>
      <Legend rows={rows} decisive={decisive} />
    </div>
  );
}

/** The lower corner that lies farther from the parked place. */
function cornerOf(frame: Frame, size: number, small: number): string {
  const parkedIsEast = frame.eastM < 0;
  const parkedIsSouth = frame.northM > 0;
  return `${parkedIsEast ? 6 : size - small - 6},${parkedIsSouth ? 6 : size - small - 6}`;
}

function Ground(props: { className: string | undefined; size: number; children: React.ReactNode }) {
  const id = useId();
  const box = { x: 0.5, y: 0.5, width: props.size - 1, height: props.size - 1, rx: 4 };
  return (
    <>
      <clipPath id={id}>
        <rect {...box} />
      </clipPath>
      <rect {...box} className={props.className} />
      <g clipPath={`url(#${id})`}>{props.children}</g>
    </>
  );
}

function Inside(props: Props & { frame: Frame; size: number }) {
  const { rows, decisive, picked, frame, size } = props;
  const scale = size / (2 * frame.halfM);
  const x = (eastM: number) => size / 2 + (eastM - frame.eastM) * scale;
  const y = (northM: number) => size / 2 - (northM - frame.northM) * scale;
  const placed = rows.filter((row) => row.eastM !== null && row.northM !== null);
  const way = placed.filter((row) => row.kind !== "held");
  const place = (row: Row) => ({ x: x(row.eastM ?? 0), y: y(row.northM ?? 0) });
  const here = rows[picked];
  const home = { cx: x(0), cy: y(0) };
  return (
    <>
      {decisive && (
        <>
          <circle {...home} className={css.sigma3} r={3 * decisive.sigmaM * scale} />
          <circle {...home} className={css.sigma1} r={decisive.sigmaM * scale} />
          <circle {...home} className={css.ownerLine} r={decisive.ownerM * scale} />
          <circle {...home} className={css.policeLine} r={decisive.policeM * scale} />
        </>
      )}
      {way.slice(1).map((row, k) => {
        const from = place(way[k] as Row);
        const to = place(row);
        return (
          <line
            key={row.t_ms}
            className={css.track}
            stroke={shade((k + 1) / way.length)}
            x1={from.x}
            y1={from.y}
            x2={to.x}
            y2={to.y}
          />
        );
      })}
      {placed.map((row, k) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two trackers may report at one time
        <Dot key={k} kind={row.kind} {...place(row)} />
      ))}
      {decisive && (
        <path
          className={css.anchor}
          d="M0-8V8M-8 0H8"
          transform={`translate(${home.cx},${home.cy})`}
        />
      )}
      {here && here.eastM !== null && here.northM !== null && (
        <circle className={css.picked} cx={place(here).x} cy={place(here).y} r={8} />
      )}
    </>
  );
}

function Bar({ frame, size, language }: { frame: Frame; size: number; language: string }) {
  const lengthM = roundLength(frame.halfM / 2);
  const px = (lengthM / (2 * frame.halfM)) * size;
  const text = lengthM < 1000 ? `${lengthM} m` : `${numberText(lengthM / 1000, language, 1)} km`;
  return (
    <g transform={`translate(10,${size - 10})`}>
      <line className={css.bar} x2={px} />
      <text className={`${css.small} ${css.halo}`} x={px / 2} y={-6} textAnchor="middle">
        {text}
      </text>
    </g>
  );
}
