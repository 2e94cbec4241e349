/** Revenue by day as bars to press; what is unexplained of a day is marked. */
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLanguage } from "../i18n";
import { yuan } from "./money";
import css from "./revenue.module.css";

export interface DayBar {
  day: string;
  totalFen: number;
  openFen: number;
}

interface Props {
  days: readonly DayBar[];
  chosen: string | null;
  onChoose(day: string): void;
}

export function DayBars({ days, chosen, onChoose }: Props) {
  const { t } = useTranslation("revenue");
  const language = useLanguage();
  const row = useRef<HTMLFieldSetElement>(null);
  useEffect(() => {
    const pressed = row.current?.querySelector<HTMLElement>("[aria-pressed=true]");
    if (row.current && pressed)
      row.current.scrollLeft = pressed.offsetLeft - row.current.offsetLeft;
  }, []);
  const most = Math.max(1, ...days.map((one) => one.totalFen));
  return (
    <fieldset ref={row} className={css.days}>
      <legend className="visually-hidden">{t("chart")}</legend>
      {days.map((one) => (
        <button
          key={one.day}
          type="button"
          className={css.day}
          aria-pressed={one.day === chosen}
          onClick={() => onChoose(one.day)}
        >
          <span className={css.dayMoney}>{yuan(one.totalFen)}</span>
          <span className={css.column} aria-hidden="true">
            <span style={{ height: `${(100 * Math.max(0, one.totalFen)) / most}%` }} />
          </span>
          <span>{dayLabel(one.day, language)}</span>
          <small className={one.openFen ? css.open : "muted"}>
            {one.openFen ? `${t("open")} ${yuan(one.openFen)}` : "✓"}
          </small>
        </button>
      ))}
    </fieldset>
  );
}

/** A day of the city, whatever the reader's zone. */
export function dayLabel(day: string, language: string): string {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "numeric",
    timeZone: "UTC",
  }).format(Date.parse(`${day}T00:00:00Z`));
}
