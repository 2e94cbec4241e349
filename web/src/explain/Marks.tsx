import css from "./explain.module.css";
import type { Scale } from "./lanes";
import { type Explained, marked, markRows } from "./story";

const MARK_PX = 20;

/** Numbered discs at the happenings of the list below. */
export function Marks({ explained, x }: { explained: Explained; x: Scale }) {
  const shown = marked(explained.happenings);
  const places = markRows(
    shown.map((one) => x(one.at_ms)),
    MARK_PX,
  );
  const height = MARK_PX * (Math.max(-1, ...places) + 1);
  if (shown.length === 0) return null;
  return (
    <svg height={height} aria-hidden="true">
      {shown.map((one, k) => (
        <g
          key={`${one.at_ms}-${one.code}`}
          className={css.mark}
          data-level={one.level}
          transform={`translate(${x(one.at_ms)},${height - MARK_PX / 2 - MARK_PX * (places[k] ?? 0)})`}
        >
          <circle r={9} />
          <text dy="0.35em" textAnchor="middle">
            {k + 1}
          </text>
        </g>
      ))}
    </svg>
  );
}
