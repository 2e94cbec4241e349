/** Where it is and how it came there, drawn to scale: no map from outside is needed. */
import { useTranslation } from "react-i18next";
import { distance, type View } from "./link";
import css from "./owner.module.css";
import { sketchOf } from "./sketch";

const BOX = { width: 360, height: 220, edge: 28 };

export function Drawing({ view, stale }: { view: View; stale: boolean }) {
  const { t } = useTranslation("owner");
  const { position } = view;
  if (!position) return null;
  const accM = position.acc_m ?? 0;
  const sketch = sketchOf([...(view.track ?? []), position], accM, BOX);
  if (!sketch) return null;
  const here = sketch.points[sketch.points.length - 1] ?? { x: 0, y: 0 };
  const start = sketch.points[0] ?? here;
  const line = sketch.points.map((at) => `${at.x.toFixed(1)},${at.y.toFixed(1)}`).join(" ");
  return (
    <figure className={css.drawing} data-stale={stale}>
      <svg viewBox={`0 0 ${BOX.width} ${BOX.height}`} role="img" aria-label={t("drawing_label")}>
        <circle
          className={css.circle}
          cx={here.x}
          cy={here.y}
          r={Math.max(accM * sketch.perM, 9)}
        />
        <polyline className={css.trail} points={line} />
        {sketch.points.length > 1 && (
          <circle className={css.start} cx={start.x} cy={start.y} r="5" />
        )}
        <circle className={css.dot} cx={here.x} cy={here.y} r="7" />
        <g transform={`translate(${BOX.width - 12 - sketch.bar.px} ${BOX.height - 12})`}>
          <path className={css.bar} d={`M0 -5V0H${sketch.bar.px}V-5`} />
          <text className={css.scale} x={sketch.bar.px / 2} y="-8" textAnchor="middle">
            {distance(sketch.bar.m)}
          </text>
        </g>
        <g transform="translate(20 26)">
          <path className={css.north} d="M0 -14L5 2L0 -1L-5 2Z" />
          <text className={css.scale} y="15" textAnchor="middle">
            {t("north")}
          </text>
        </g>
      </svg>
      <figcaption>{view.track?.length ? t("drawing") : t("drawing_point")}</figcaption>
    </figure>
  );
}
