import { useId } from "react";
import { useTranslation } from "react-i18next";
import { numberText } from "../charts/series";
import { Across } from "./Across";
import css from "./explain.module.css";
import { type Judging, Lane, LEFT, LineEnd } from "./Lane";
import { bandOf, curveOf, heightScale, stepsOf } from "./lanes";
import { topOf } from "./story";

const SUM_PX = 150;

/** The statistic, what witnesses add to it or take away, and the thresholds of both levels. */
export function SumLane({ frame, runs, judged, explained, row }: Judging) {
  const { t } = useTranslation("explain");
  const id = useId();
  const { x, language } = frame;
  const values = judged.flatMap((one) => [one.judged.total, one.judged.score]);
  const { top, beyond } = topOf(
    values,
    judged.map((one) => one.judged.police),
  );
  const y = heightScale(Math.min(0, ...judged.map((one) => one.judged.total)), top, SUM_PX);
  const last = judged.at(-1)?.judged;
  const parts = (["score", "for", "against"] as const).filter(
    (what) =>
      what === "score" ||
      judged.some(({ judged: { total, score: s } }) => (what === "for" ? total > s : total < s)),
  );
  return (
    <>
      <Lane
        {...frame}
        y={y}
        title={t("lane_sum")}
        height={SUM_PX}
        beyond={beyond === null ? null : t("up_to", { value: numberText(beyond, language, 0) })}
      >
        <Hatches id={id} />
        <Across explained={explained} x={x} height={SUM_PX} row={row} />
        {runs.map((run) => (
          <g key={run[0]?.t_ms}>
            <path
              className={css.score}
              d={bandOf(
                run,
                x,
                y,
                () => 0,
                (one) => one.judged.score,
              )}
            />
            <path
              className={css.for}
              d={bandOf(
                run,
                x,
                y,
                (one) => one.judged.score,
                (one) => Math.max(one.judged.score, one.judged.total),
              )}
            />
            <path
              fill={`url(#${id}-for)`}
              d={bandOf(
                run,
                x,
                y,
                (one) => one.judged.score,
                (one) => Math.max(one.judged.score, one.judged.total),
              )}
            />
            <path
              className={css.against}
              d={bandOf(
                run,
                x,
                y,
                (one) => Math.min(one.judged.score, one.judged.total),
                (one) => one.judged.score,
              )}
            />
            <path className={css.ownerLine} d={stepsOf(run, x, y, (one) => one.judged.owner)} />
            <path className={css.policeLine} d={stepsOf(run, x, y, (one) => one.judged.police)} />
            <path className={css.curve} d={curveOf(run, x, y, (one) => one.judged.total)} />
          </g>
        ))}
        {last && (
          <>
            <LineEnd x={LEFT + 4} y={y(last.police)} above>
              {t("police", { value: numberText(last.police, language) })}
            </LineEnd>
            <LineEnd x={LEFT + 4} y={y(last.owner)}>
              {t("owner", { value: numberText(last.owner, language) })}
            </LineEnd>
          </>
        )}
      </Lane>
      <ul className={css.legend}>
        {parts.map((what) => (
          <li key={what}>
            <svg aria-hidden="true">
              <Hatches id={`${id}-l`} />
              <rect className={css[what]} y={2} width={22} height={12} />
              {what === "for" && <rect fill={`url(#${id}-l-for)`} y={2} width={22} height={12} />}
            </svg>
            {t(what === "score" ? "score" : `signs_${what}`)}
          </li>
        ))}
        <li>
          <svg aria-hidden="true">
            <path className={css.curve} d="M0 8h22" />
          </svg>
          {t("sum")}
        </li>
      </ul>
    </>
  );
}

function Hatches({ id }: { id: string }) {
  return (
    <pattern id={`${id}-for`} width={6} height={6} patternUnits="userSpaceOnUse">
      <path className={css.hatch} d="M-1 1L1-1M0 6L6 0M5 7L7 5" />
    </pattern>
  );
}
