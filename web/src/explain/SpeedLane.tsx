import { useTranslation } from "react-i18next";
import { Across } from "./Across";
import css from "./explain.module.css";
import { type Framed, Lane } from "./Lane";
import { heightScale } from "./lanes";
import type { Row } from "./story";

const SPEED_PX = 60;
const KMH = 3.6;

/** What the receiver said of its speed, a line a fix. */
export function SpeedLane({ frame, rows, explained, row }: Framed & { rows: readonly Row[] }) {
  const { t } = useTranslation("explain");
  const { x } = frame;
  const known = rows.filter((one) => one.speedMps !== null);
  const most = known.reduce((high, one) => Math.max(high, (one.speedMps ?? 0) * KMH), 5);
  const y = heightScale(0, most, SPEED_PX);
  return (
    <Lane {...frame} y={y} title={t("lane_speed")} height={SPEED_PX} last>
      <Across explained={explained} x={x} height={SPEED_PX} row={row} />
      {known.map((one, k) => (
        <line
          // biome-ignore lint/suspicious/noArrayIndexKey: two trackers may report at one time
          key={k}
          className={css.away}
          x1={x(one.t_ms)}
          x2={x(one.t_ms)}
          y1={SPEED_PX}
          y2={y((one.speedMps ?? 0) * KMH) - 1}
        />
      ))}
    </Lane>
  );
}
