/** Why it was asked, what was answered, what comes next, who sees what. */
import { useTranslation } from "react-i18next";
import { useSay } from "../i18n";
import { Age } from "../ui/Age";
import { Panel } from "../ui/Page";
import { endKey, onThisClock, type View } from "./link";
import css from "./owner.module.css";

interface Props {
  view: View;
  receivedMs: number;
}

export function Next({ view, receivedMs }: Props) {
  const { t } = useTranslation("owner");
  const mine = (tMs: number) => onThisClock(tMs, view, receivedMs);
  return (
    <Panel title={view.ended ? t("how_it_went") : t("next")}>
      <ul className={css.steps}>
        <li>
          {t("noticed")} <Age t={mine(view.raised_ms)} />
        </li>
        {view.said && (
          <li>
            {t(`said_${view.said.answer}`)} <Age t={mine(view.said.at_ms)} />
          </li>
        )}
        {view.police_told_ms === null ? (
          !view.ended && <li>{t("police_not_yet")}</li>
        ) : (
          <li>
            {t("police_told")} <Age t={mine(view.police_told_ms)} />
          </li>
        )}
        {view.ended && (
          <li>
            {t(endKey(view.ended.what))} <Age t={mine(view.ended.at_ms)} />
          </li>
        )}
        {view.next.map((step) => (
          <li key={step.code}>
            {t(`next_${step.code}`, { n: Math.round((step.after_s ?? 0) / 60) })}
            {typeof step.at_ms === "number" && step.at_ms > view.now_ms && (
              <>
                {" "}
                <Age t={mine(step.at_ms)} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Why({ view }: { view: View }) {
  const { t } = useTranslation("owner");
  const say = useSay();
  if (view.reasons.length === 0) return null;
  return (
    <Panel title={t("why")}>
      <ul className={css.steps}>
        {view.reasons.map((reason) => (
          <li key={reason.code}>{say(reason)}</li>
        ))}
      </ul>
    </Panel>
  );
}

export function Shared({ view }: { view: View }) {
  const { t } = useTranslation("owner");
  return (
    <Panel title={t("shared")}>
      <p>{t("shared_police")}</p>
      <p>{view.shares_with_police ? t("shared_consent") : t("shared_no_consent")}</p>
      <p className="muted">{t("shared_link")}</p>
    </Panel>
  );
}
