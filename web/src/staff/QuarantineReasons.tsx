import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "../api/client";
import { useSay } from "../i18n";
import { Note, Panel } from "../ui/Page";
import { withQuery } from "./moneyFilters";
import css from "./quarantine.module.css";
import { type QuarantineFilter, writeQuarantine } from "./quarantineFilter";

type Reasons = Schemas["ReasonsOut"];

/** How much there is of each reason; pressed, its messages are shown; pressed again, all. */
export function QuarantineReasons(props: { found: Reasons; filter: QuarantineFilter }) {
  const { t } = useTranslation("quarantine");
  const say = useSay();
  const { reasons, not_kept: notKept } = props.found;
  const { reason: chosen, ...rest } = props.filter;
  const opened = reasons.find((one) => one.reason === chosen);
  if (reasons.length === 0 && notKept.length === 0) return null;
  return (
    <Panel>
      <h2 className="visually-hidden">{t("reasons")}</h2>
      <ul className={css.reasons}>
        {reasons.map((one) => {
          const isChosen = one.reason === chosen;
          const next = isChosen ? rest : { ...rest, reason: one.reason };
          return (
            <li key={one.reason}>
              <Link
                to={withQuery("/staff/quarantine", writeQuarantine(next))}
                aria-current={isChosen ? "true" : undefined}
                preventScrollReset
              >
                <strong>{t(`means_${one.reason}`, { defaultValue: one.reason })}</strong>
                <span>{t("rows_held", { rows: one.rows, held: one.held })}</span>
                <small className="muted">{t("of_devices", { count: one.devices })}</small>
              </Link>
            </li>
          );
        })}
      </ul>
      {opened && (
        <p>
          <strong>{t("what_to_do")}:</strong> {say(opened.hint)}
        </p>
      )}
      {notKept.map((one) => (
        <Note key={one.reason} tone="warn">
          {t("not_kept", {
            count: one.count,
            reason: t(`means_${one.reason}`, { defaultValue: one.reason }),
          })}
        </Note>
      ))}
    </Panel>
  );
}
