/** What was done so far, the newest first. */
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { clockTime } from "../ui/ages";
import { Panel } from "../ui/Page";
import css from "./patrol.module.css";

/** A tap that took so long waited on the phone; less is the way to the server. Ours. */
const LATE_MS = 5_000;

function isLate(step: Schemas["IncidentStepOut"]): boolean {
  return step.tapped_ms != null && step.at_ms - step.tapped_ms > LATE_MS;
}

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
                {isLate(step) && (
                  <span className={css.small}>
                    {t("log_tapped", {
                      time: clockTime((step.tapped_ms ?? 0) - aheadMs, nowMs, language),
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
