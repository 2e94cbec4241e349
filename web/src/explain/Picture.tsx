/** The picture of an explanation: map and lanes with one cursor, the numbers as a table. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Numbers } from "../charts/Numbers";
import { numberText } from "../charts/series";
import { dayTime } from "../charts/times";
import { useLanguage, useSay } from "../i18n";
import { Note } from "../ui/Page";
import css from "./explain.module.css";
import { Lanes } from "./Lanes";
import { StoryWords } from "./StoryWords";
import { type Explained, rowsOf } from "./story";
import { TrackMap } from "./TrackMap";

export function Picture({ explained }: { explained: Explained }) {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const say = useSay();
  const [picked, setPicked] = useState(-1);
  const rows = rowsOf(explained.fixes);
  const decisive = explained.decisive === null ? null : (rows[explained.decisive]?.judged ?? null);
  const number = (value: number | undefined | null, digits = 1) =>
    value === undefined || value === null ? "–" : numberText(value, language, digits);
  return (
    <div className={css.explain}>
      <p className={css.verdict}>{say(explained.verdict)}</p>
      {!explained.raised_again && <Note tone="warn">{t("not_again")}</Note>}
      {rows.length === 0 ? (
        <p className="muted">{t("empty")}</p>
      ) : (
        <div className={css.picture}>
          <TrackMap rows={rows} decisive={decisive} picked={picked} />
          <Lanes explained={explained} rows={rows} picked={picked} onPick={setPicked} />
        </div>
      )}
      <StoryWords explained={explained} />
      <div className="muted">
        {explained.fixes_total > rows.length && (
          <p>{t("thinned", { shown: rows.length, total: explained.fixes_total })}</p>
        )}
        {!explained.whole_area && <p>{t("part_of_area", { count: explained.neighbours })}</p>}
      </div>
      <Numbers
        caption={t("title")}
        heads={[t("time"), t("away"), t("evidence"), t("levels"), t("speed"), t("what")]}
        rows={rows}
        cells={({ t_ms, judged, speedMps, kind }) => [
          dayTime(t_ms, language, explained.timezone),
          number(judged?.movedM, 0),
          number(judged?.total),
          judged === null ? "–" : `${number(judged.owner)} / ${number(judged.police)}`,
          number(speedMps === null ? null : speedMps * 3.6),
          t(`kind_${kind}`),
        ]}
      />
    </div>
  );
}
