import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Schemas } from "../api/client";
import { useLanguage } from "../i18n";
import { Panel } from "../ui/Page";
import { DayBars, dayLabel } from "./DayBars";
import { Differences } from "./DifferenceView";
import { dayToShow, openFen } from "./differences";
import { TakingsList } from "./Takings";

type Day = Schemas["RevenueLineOut"];

/** A station's money of the last days; the day chosen stands in the address. */
export function ChargerMoney({ days }: { days: readonly Day[] }) {
  const { t } = useTranslation("revenue");
  const language = useLanguage();
  const [search, setSearch] = useSearchParams();
  const asked = search.get("day");
  const chosen = days.some((one) => one.key === asked) ? asked : dayToShow(days);
  const day = days.find((one) => one.key === chosen);
  if (day === undefined) {
    return (
      <Panel title={t("money")}>
        <p className="muted">{t("money_empty")}</p>
      </Panel>
    );
  }
  return (
    <Panel title={t("money")}>
      <DayBars
        days={days.map((one) => ({
          day: one.key,
          totalFen: one.total_fen,
          openFen: openFen(one.comparisons),
        }))}
        chosen={chosen}
        onChoose={(next) => {
          const changed = new URLSearchParams(search);
          changed.set("day", next);
          setSearch(changed, { replace: true, preventScrollReset: true });
        }}
      />
      <h3>{t("differences_of", { what: dayLabel(day.key, language) })}</h3>
      <TakingsList line={day} />
      <Differences comparisons={day.comparisons} />
    </Panel>
  );
}
