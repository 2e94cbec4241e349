/** What was done so far, the newest first. */
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { clockTime } from "../ui/ages";
import { Panel } from "../ui/Page";
import css from "./patrol.module.css";

export function CardLog(props: { log: Schemas["IncidentStepOut"][]; aheadMs: number }) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const nowMs = useNow();
  const { aheadMs } = props;
  return (
    <Panel title={t("log")}>
      <ol className={css.rows}>
        {props.log
          .map((step, number) => ({ step, number }))
          .reverse()
          .map(({ step, number }) => (
            <li key={number}>
              <span>
                <strong>{t(`state_${step.to_state}`)}</strong>{" "}
                <span className="muted">{step.by === "system" ? t("system") : step.by}</span>
                {step.tapped_ms != null && (
                  <span className={css.small}>
                    {t("log_tapped", {
                      time: clockTime(step.tapped_ms - aheadMs, nowMs, language),
                    })}
                  </span>
                )}
              </span>
              <span className="muted">
                <Age t={step.at_ms - aheadMs} />
              </span>
            </li>
          ))}
      </ol>
    </Panel>
  );
}
