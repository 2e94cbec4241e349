/** What waits to be sent, and what was refused. */
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { clockTime } from "../ui/ages";
import { Button } from "../ui/Button";
import { Note } from "../ui/Page";
import { refusalWord, tapWord } from "./cardWords";
import css from "./patrol.module.css";
import { useTaps } from "./useTaps";

/** @param incidentId only what is of this incident */
export function TapNotes({ incidentId }: { incidentId?: string }) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const nowMs = useNow();
  const taps = useTaps();
  const isOurs = (id: string) => incidentId === undefined || id === incidentId;
  const waiting = taps.waiting.filter((tap) => isOurs(tap.incidentId));
  const refusals = taps.refusals.filter((one) => isOurs(one.tap.incidentId));
  return (
    <div role="status" className={css.notes}>
      {waiting.length > 0 && (
        <Note tone="warn">
          <strong>
            {waiting.length === 1 ? t("taps_one") : t("taps_many", { count: waiting.length })}
          </strong>
          <ol className={css.taps}>
            {waiting.map((tap) => (
              <li key={tap.key}>
                {t("tap_at", {
                  what: t(tapWord(tap.step)),
                  time: clockTime(tap.atMs, nowMs, language),
                })}
              </li>
            ))}
          </ol>
          <p>{t("taps_note")}</p>
        </Note>
      )}
      {incidentId === undefined && taps.foreign > 0 && (
        <Note>{t("taps_other", { count: taps.foreign })}</Note>
      )}
      {refusals.map((one) => (
        <Note key={one.tap.key} tone="danger">
          <strong>{t("refused_title", { what: t(tapWord(one.tap.step)) })}</strong>
          <p>{t(refusalWord(one.code), { name: one.assignee ?? "?", code: one.code })}</p>
          <Button onClick={() => void taps.readRefusals(one.tap.incidentId)}>
            {t("refused_ok")}
          </Button>
        </Note>
      ))}
    </div>
  );
}
