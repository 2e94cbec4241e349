import { useTranslation } from "react-i18next";
import { numberText } from "../charts/series";
import { Across } from "./Across";
import css from "./explain.module.css";
import { type Judging, Lane, LEFT, LineEnd } from "./Lane";
import { bandOf, curveOf, heightScale, stepsOf } from "./lanes";
import { topOf } from "./story";

const DISTANCE_PX = 130;

/** Metres from where it was parked, against the radii of both levels and the noise. */
export function DistanceLane({ frame, runs, judged, explained, row }: Judging) {
  const { t } = useTranslation("explain");
  const { x, width, language } = frame;
  const moved = judged.map((one) => one.judged.movedM);
  const { top, beyond } = topOf(
    moved,
    judged.map((one) => one.judged.policeM),
  );
  const y = heightScale(0, top, DISTANCE_PX);
  const last = judged.at(-1)?.judged;
  return (
    <Lane
      {...frame}
      y={y}
      title={t("lane_away")}
      height={DISTANCE_PX}
      beyond={
        beyond === null ? null : t("up_to", { value: `${numberText(beyond, language, 0)} m` })
      }
    >
      <Across explained={explained} x={x} height={DISTANCE_PX} row={row} words />
      {runs.map((run) => (
        <g key={run[0]?.t_ms}>
          <path
            className={css.noise}
            d={bandOf(
              run,
              x,
              y,
              () => 0,
              (one) => 3 * one.judged.sigmaM,
            )}
          />
          <path className={css.ownerLine} d={stepsOf(run, x, y, (one) => one.judged.ownerM)} />
          <path className={css.policeLine} d={stepsOf(run, x, y, (one) => one.judged.policeM)} />
          <path className={css.away} d={curveOf(run, x, y, (one) => one.judged.movedM)} />
        </g>
      ))}
      {last && width > 0 && (
        <>
          <LineEnd x={LEFT + 4} y={y(last.policeM)} above>
            {t("police", { value: `${numberText(last.policeM, language, 0)} m` })}
          </LineEnd>
          <LineEnd x={LEFT + 4} y={y(last.ownerM)} above>
            {t("owner", { value: `${numberText(last.ownerM, language, 0)} m` })}
          </LineEnd>
        </>
      )}
    </Lane>
  );
}
