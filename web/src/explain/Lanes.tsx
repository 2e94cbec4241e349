/** Distance, evidence, witnesses and speed over one axis of time; one cursor for all of them. */
import { scaleLinear } from "d3-scale";
import type { KeyboardEvent, PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { nearest } from "../charts/series";
import { useWidth } from "../charts/useWidth";
import { useLanguage } from "../i18n";
import { Across } from "./Across";
import { DistanceLane } from "./DistanceLane";
import css from "./explain.module.css";
import { LEFT, RIGHT } from "./Lane";
import { Marks } from "./Marks";
import { Readout, useRead } from "./Readout";
import { SignsLane } from "./SignsLane";
import { SpeedLane } from "./SpeedLane";
import { SumLane } from "./SumLane";
import { type Explained, type Row, spanOf, stretches } from "./story";

interface Props {
  explained: Explained;
  rows: readonly Row[];
  picked: number;
  onPick(row: number): void;
}

export function Lanes({ explained, rows, picked, onPick }: Props) {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const [ref, width] = useWidth<HTMLDivElement>();
  const read = useRead(explained.timezone);
  const runs = stretches(rows);
  const judged = runs.flat();
  const x = scaleLinear(spanOf(explained, rows), [LEFT, Math.max(width - RIGHT, LEFT + 1)]);
  const frame = { x, width, language, zone: explained.timezone };
  const row = rows[picked];

  function follow(event: PointerEvent<HTMLDivElement>): void {
    const box = event.currentTarget.getBoundingClientRect();
    onPick(nearest(rows, x.invert(event.clientX - box.left)));
  }

  function step(event: KeyboardEvent<HTMLDivElement>): void {
    const at = picked < 0 ? (explained.decisive ?? 0) : picked;
    const next: Record<string, number> = {
      ArrowLeft: picked < 0 ? at : at - 1,
      ArrowRight: picked < 0 ? at : at + 1,
      Home: 0,
      End: rows.length - 1,
    };
    if (event.key === "Escape") onPick(-1);
    const to = next[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onPick(Math.min(Math.max(to, 0), rows.length - 1));
  }

  return (
    <div className={css.lanes}>
      <Readout row={row ?? null} zone={explained.timezone} />
      <div
        ref={ref}
        className={css.plot}
        role="slider"
        tabIndex={0}
        aria-label={t("lanes")}
        aria-valuemin={0}
        aria-valuemax={Math.max(rows.length - 1, 0)}
        aria-valuenow={Math.max(picked, 0)}
        aria-valuetext={row ? read(row) : t("point")}
        onPointerMove={follow}
        onPointerDown={follow}
        onPointerLeave={() => onPick(-1)}
        onKeyDown={step}
      >
        {width > 0 && (
          <>
            <Marks explained={explained} x={x} />
            <DistanceLane
              frame={frame}
              runs={runs}
              judged={judged}
              explained={explained}
              row={row}
            />
            <SumLane frame={frame} runs={runs} judged={judged} explained={explained} row={row} />
            <SignsLane {...frame} witnesses={explained.witnesses}>
              {(height) => <Across explained={explained} x={x} height={height} row={row} />}
            </SignsLane>
            <SpeedLane frame={frame} rows={rows} explained={explained} row={row} />
          </>
        )}
      </div>
    </div>
  );
}
