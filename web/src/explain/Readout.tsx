import { useTranslation } from "react-i18next";
import { numberText } from "../charts/series";
import { dayTime } from "../charts/times";
import { useLanguage } from "../i18n";
import css from "./explain.module.css";
import { signed } from "./SignsLane";
import type { Row } from "./story";

/** The numbers of one fix as words, without its time. */
function useNumbers(): (row: Row) => string[] {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const number = (value: number, digits = 1) => numberText(value, language, digits);
  return ({ judged, speedMps, accM, kind }) => [
    ...(judged === null
      ? [t("read_unjudged")]
      : [
          t("read_away", { m: number(judged.movedM, 0) }),
          t("read_sum", {
            total: number(judged.total),
            score: number(judged.score),
            signs: signed(Math.round((judged.total - judged.score) * 10) / 10),
          }),
          t("read_levels", { owner: number(judged.owner), police: number(judged.police) }),
        ]),
    ...(speedMps === null ? [] : [t("read_speed", { kmh: number(speedMps * 3.6) })]),
    ...(accM === null ? [] : [t("read_acc", { m: number(accM, 0) })]),
    ...(kind === "owner" || kind === "police" || kind === "held" ? [t(`kind_${kind}`)] : []),
  ];
}

/** A fix as one sentence, for screen readers. */
export function useRead(zone: string): (row: Row) => string {
  const language = useLanguage();
  const numbers = useNumbers();
  return (row) => [dayTime(row.t_ms, language, zone), ...numbers(row)].join(", ");
}

export function Readout({ row, zone }: { row: Row | null; zone: string }) {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const numbers = useNumbers();
  if (row === null) return <p className={`${css.readout} muted`}>{t("point")}</p>;
  return (
    <p className={css.readout}>
      <strong>{dayTime(row.t_ms, language, zone)}</strong> {numbers(row).join(" · ")}
    </p>
  );
}
