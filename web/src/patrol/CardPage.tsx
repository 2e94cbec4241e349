/** One case: what, where, how old, and the next step. */
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useLanguage, useSay } from "../i18n";
import { Age } from "../ui/Age";
import { clockTime } from "../ui/ages";
import { Badge } from "../ui/Badge";
import { Empty, Note, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { ActionBar } from "./ActionBar";
import { Cameras } from "./Cameras";
import { CardLog } from "./CardLog";
import { CardMap } from "./CardMap";
import type { Card } from "./card";
import { kindWord, levelTone, reasonsOf, vehicleWord } from "./cardWords";
import css from "./patrol.module.css";
import { TapNotes } from "./TapNotes";
import { stateAfter } from "./taps";
import { useAlarm } from "./useAlarm";
import { type CardView, useCard } from "./useCard";
import { useMe } from "./useMe";
import { useTaps } from "./useTaps";
import { AgeLine, Facts } from "./Where";

export function CardPage() {
  const { t } = useTranslation("patrol");
  const { id = "" } = useParams();
  const { data, savedMs, error, isWaiting, again } = useCard(id);
  if (data !== undefined) return <OpenCard view={data} savedMs={savedMs} />;
  return (
    <Page title={t("title")}>
      <Back />
      {isWaiting ? (
        <Skeleton lines={8} />
      ) : (
        <>
          <TapNotes incidentId={id} />
          <ProblemNote error={error} onRetry={again} />
          <Empty title={t("no_saved_title")}>
            <p>{t("no_saved_text")}</p>
          </Empty>
        </>
      )}
    </Page>
  );
}

function Back() {
  const { t } = useTranslation("patrol");
  return (
    <Link to="/patrol" className={css.back}>
      ‹ {t("back_list")}
    </Link>
  );
}

function OpenCard({ view, savedMs }: { view: CardView; savedMs: number | null }) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const { me, state: meState, ask } = useMe();
  const { card, aheadMs } = view;
  useAlarm();
  return (
    <Page title={t(kindWord(card.incident))} actions={<Back />}>
      {savedMs !== null && (
        <Note tone="warn">
          {t("saved_card", { time: clockTime(savedMs, Date.now(), language) })}
        </Note>
      )}
      <TapNotes incidentId={card.incident.id} />
      <div className={css.card}>
        <div className={css.cardMain}>
          <Head card={card} aheadMs={aheadMs} />
          <AgeLine card={card} aheadMs={aheadMs} />
        </div>
        <CardMap card={card} aheadMs={aheadMs} me={me} />
        <div className={css.cardRest}>
          <Facts card={card} aheadMs={aheadMs} me={me} meState={meState} onAsk={ask} />
          <Cameras cameras={card.cameras} />
          <CardLog log={card.log} aheadMs={aheadMs} />
        </div>
      </div>
      <ActionBar card={card} isSaved={savedMs !== null} />
    </Page>
  );
}

function Head({ card, aheadMs }: { card: Card; aheadMs: number }) {
  const { t } = useTranslation("patrol");
  const say = useSay();
  const { waiting } = useTaps();
  const { incident, vehicle } = card;
  const state = stateAfter(waiting, incident.id) ?? incident.state;
  const kindOf = vehicle && vehicleWord(vehicle.kind);
  const helped = card.log.filter((step) => step.to_state === "help").at(-1);
  return (
    <section className={css.head} aria-label={t("vehicle")}>
      <p className={css.badges}>
        <Badge tone={levelTone(incident.level)}>{t(`level_${incident.level}`)}</Badge>
        <Badge tone={state === "closed" ? "stale" : "info"}>{t(`state_${state}`)}</Badge>
        <span className="muted">
          {t(`held_${card.held_by}`, { name: incident.assignee ?? "" })}
        </span>
      </p>
      {helped && (
        <Note tone="danger">
          {t("help_called", { name: helped.by })} · <Age t={helped.at_ms - aheadMs} />
        </Note>
      )}
      {vehicle !== null && (
        <p className={css.vehicle}>
          <strong>{vehicle.label || t("vehicle_unknown", { id: vehicle.id })}</strong>
          <span className={css.plate}>{vehicle.plate || t("no_plate")}</span>
          <span className="muted">{kindOf === null ? vehicle.kind : t(kindOf)}</span>
        </p>
      )}
      <ul className={css.reasons} aria-label={t("why")}>
        {reasonsOf(incident).map((reason) => (
          <li key={reason.en}>{say(reason)}</li>
        ))}
      </ul>
      {incident.outcome !== null && (
        <p>{t("closed_text", { outcome: t(`outcome_${incident.outcome}`) })}</p>
      )}
    </section>
  );
}
