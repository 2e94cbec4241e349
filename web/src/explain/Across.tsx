import { useTranslation } from "react-i18next";
import css from "./explain.module.css";
import type { Scale } from "./lanes";
import { type Explained, momentsOf, type Row } from "./story";

interface Props {
  explained: Explained;
  x: Scale;
  height: number;
  /** The fix that is read now. */
  row: Row | undefined;
  /** Name the stretches. */
  words?: boolean;
}

/** What goes through all lanes: not armed, silent, the moments of the alert, the cursor. */
export function Across(props: Props) {
  const { explained, x, height, row, words = false } = props;
  const { t } = useTranslation("explain");
  const spans = [
    ...explained.unwatched.map((span) => ({ ...span, what: "unwatched" as const })),
    ...explained.silences.map((span) => ({ ...span, what: "silent" as const })),
  ];
  return (
    <>
      {spans.map((span) => {
        const [left, right] = [x(span.from_ms), x(span.to_ms)];
        return (
          <g key={`${span.what}${span.from_ms}`}>
            <rect
              className={css[span.what]}
              x={left}
              width={Math.max(right - left, 1)}
              height={height}
            />
            {words && right - left > 64 && (
              <text className={css.small} x={(left + right) / 2} y={height / 2} textAnchor="middle">
                {t(span.what)}
              </text>
            )}
          </g>
        );
      })}
      {momentsOf(explained).map(({ t_ms, level }) => (
        <line
          key={`${t_ms}-${level}`}
          className={css.moment}
          data-level={level}
          x1={x(t_ms)}
          x2={x(t_ms)}
          y2={height}
        />
      ))}
      {row && <line className={css.cursor} x1={x(row.t_ms)} x2={x(row.t_ms)} y2={height} />}
    </>
  );
}
