import { useTranslation } from "react-i18next";
import { Dot } from "./Dot";
import css from "./explain.module.css";
import type { Judged, Kind, Row } from "./story";

/** What the marks of the map mean; only those that are there. */
export function Legend({ rows, decisive }: { rows: readonly Row[]; decisive: Judged | null }) {
  const { t } = useTranslation("explain");
  const kinds = (["unscored", "held", "scored", "owner", "police"] as Kind[]).filter((kind) =>
    rows.some((row) => row.kind === kind),
  );
  return (
    <ul className={css.legend}>
      {decisive && (
        <>
          <li>
            <svg aria-hidden="true">
              <path className={css.anchor} d="M11 1v14M4 8h14" />
            </svg>
            {t("anchor")}
          </li>
          <li>
            <svg aria-hidden="true">
              <circle className={css.sigma3} cx={11} cy={8} r={8} />
              <circle className={css.sigma1} cx={11} cy={8} r={4} />
            </svg>
            {t("sigma")}
          </li>
          <li>
            <svg aria-hidden="true">
              <path className={css.ownerLine} d="M0 8h22" />
            </svg>
            {t("owner_m", { m: Math.round(decisive.ownerM) })}
          </li>
          <li>
            <svg aria-hidden="true">
              <path className={css.policeLine} d="M0 8h22" />
            </svg>
            {t("police_m", { m: Math.round(decisive.policeM) })}
          </li>
        </>
      )}
      <li>
        <svg aria-hidden="true">
          <path className={css.track} stroke={shade(0)} d="M0 8h8" />
          <path className={css.track} stroke={shade(0.5)} d="M8 8h7" />
          <path className={css.track} stroke={shade(1)} d="M15 8h7" />
        </svg>
        {t("track")}
      </li>
      {kinds.map((kind) => (
        <li key={kind}>
          <svg aria-hidden="true">
            <Dot kind={kind} x={11} y={8} />
          </svg>
          {t(`kind_${kind}`)}
        </li>
      ))}
    </ul>
  );
}

/** The colour of a moment of the track: pale is earlier. `share` from 0 to 1. */
export function shade(share: number): string {
  return `color-mix(in srgb, var(--accent) ${Math.round(25 + 75 * share)}%, var(--sunken))`;
}
