/** All open cases of the officer's area: mine, nobody's, others'. */
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useSession } from "../app/session";
import { useLanguage, useSay } from "../i18n";
import { Age } from "../ui/Age";
import { clockTime } from "../ui/ages";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { Empty, Note, Page } from "../ui/Page";
import { ProblemNote } from "../ui/ProblemNote";
import { Skeleton } from "../ui/Skeleton";
import { grouped, type Incident } from "./card";
import { kindWord, levelTone, reasonOf } from "./cardWords";
import css from "./patrol.module.css";
import { TapNotes } from "./TapNotes";
import { stateAfter } from "./taps";
import { useAlarm } from "./useAlarm";
import { useIncidents } from "./useCard";
import { useTaps } from "./useTaps";

export function PatrolList() {
  const { t } = useTranslation("patrol");
  const { name } = useSession();
  const language = useLanguage();
  const { data, savedMs, error, isWaiting, again } = useIncidents();
  const parts = data && grouped(data, name);
  return (
    <Page title={t("title")} actions={<SoundSwitch />}>
      <TapNotes />
      {savedMs !== null && (
        <Note tone="warn">
          {t("saved_list", { time: clockTime(savedMs, Date.now(), language) })}
        </Note>
      )}
      {error !== null && data === undefined && <ProblemNote error={error} onRetry={again} />}
      {isWaiting && <Skeleton lines={6} />}
      {data?.length === 0 && (
        <Empty title={t("nothing_title")}>
          <p>{t("nothing_text")}</p>
        </Empty>
      )}
      {parts && (
        <>
          <Part title={t("level_4")} incidents={parts.danger} />
          <Part title={t("mine")} incidents={parts.mine} />
          <Part title={t("waiting")} incidents={parts.waiting} />
          <Part title={t("others")} incidents={parts.others} />
        </>
      )}
    </Page>
  );
}

function SoundSwitch() {
  const { t } = useTranslation("patrol");
  const { muted, needsPress, toggle } = useAlarm();
  return (
    <>
      <Button onClick={toggle} aria-pressed={!muted}>
        {muted ? t("sound_off") : t("sound_on")}
      </Button>
      {!muted && needsPress && <p className="muted">{t("sound_press")}</p>}
    </>
  );
}

function Part({ title, incidents }: { title: string; incidents: Incident[] }) {
  if (incidents.length === 0) return null;
  return (
    <section className={css.part}>
      <h2>
        {title} <span className="muted">{incidents.length}</span>
      </h2>
      <ul className={css.list}>
        {incidents.map((incident) => (
          <Item key={incident.id} incident={incident} />
        ))}
      </ul>
    </section>
  );
}

function Item({ incident }: { incident: Incident }) {
  const { t } = useTranslation("patrol");
  const say = useSay();
  const { waiting } = useTaps();
  const state = stateAfter(waiting, incident.id) ?? incident.state;
  const reason = reasonOf(incident);
  return (
    <li>
      <Link to={`/patrol/${incident.id}`} className={css.item} data-level={incident.level}>
        <span className={css.itemHead}>
          <Badge tone={levelTone(incident.level)}>{t(`level_${incident.level}`)}</Badge>
          <span className={css.itemAge}>
            <Age t={incident.opened_ms} />
          </span>
        </span>
        <strong>
          {t(kindWord(incident))}
          {incident.label && ` · ${incident.label}`}
        </strong>
        {reason && <span>{say(reason)}</span>}
        <span className="muted">
          {t(`state_${state}`)}
          {incident.assignee && ` · ${incident.assignee}`}
          {incident.grid && ` · ${t("grid")} ${incident.grid}`}
        </span>
      </Link>
    </li>
  );
}
