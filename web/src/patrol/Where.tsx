/** How old and how sure the place is, and what else one wants to know on the way. */
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { type Card, freshness, overdueMs, STALE_MS } from "./card";
import { sourceWord } from "./cardWords";
import { bearingDeg, distanceM, type Place, spokenM, windOf } from "./geo";
import css from "./patrol.module.css";
import type { MeState } from "./useMe";

/** Slower than this nothing can be said of a heading; GPS noise moves it. Ours. */
const MOVES_MPS = 0.8;

/** The one line that must be read first: how old, from where, how exact. */
export function AgeLine({ card, aheadMs }: { card: Card; aheadMs: number }) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const fresh = freshness(card, useNow() + aheadMs);
  const { position } = card;
  if (position === null) {
    const raised = !card.position_hidden && placeOf(card) !== null;
    return (
      <p className={css.age}>
        {card.position_hidden ? t("closed_hidden") : t("no_position")} {raised && t("raised_there")}
      </p>
    );
  }
  return (
    <p className={css.age} data-fresh={fresh}>
      <strong>
        <Age t={position.t_ms - aheadMs} staleAfterS={STALE_MS / 1000} />
      </strong>
      <span>
        {t(sourceWord(position.source))},{" "}
        {position.acc_m === null
          ? t("accuracy_none")
          : t("accuracy", { m: spokenM(position.acc_m, language) })}
      </span>
      {fresh === "stale" && (
        <Badge tone="stale">
          {t("not_live")} · {t("last_known")}
        </Badge>
      )}
    </p>
  );
}

interface Props {
  card: Card;
  aheadMs: number;
  me: Place | null;
  meState: MeState;
  onAsk(): void;
}

export function Facts({ card, aheadMs, me, meState, onAsk }: Props) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const { position, incident } = card;
  const place = placeOf(card);
  return (
    <section className={css.where} aria-label={t("where")}>
      <dl className={css.facts}>
        {place && (
          <div className={css.wide}>
            <dt>{t("me")}</dt>
            <dd>
              <FromMe me={me} state={meState} place={place} onAsk={onAsk} />
            </dd>
          </div>
        )}
        {position !== null && (
          <>
            <Motion position={position} />
            <div>
              <dt>{t("next_fix")}</dt>
              <dd>
                <NextReport card={card} aheadMs={aheadMs} />
              </dd>
            </div>
          </>
        )}
        {card.moved_m !== null && incident.kind !== "fire" && (
          <div>
            <dt>{t("moved")}</dt>
            <dd>{spokenM(card.moved_m, language)}</dd>
          </div>
        )}
        <div className={css.wide}>
          <dt>{t("grid")}</dt>
          <dd>{incident.grid || t("no_grid")}</dd>
        </div>
      </dl>
    </section>
  );
}

function Motion({ position }: { position: NonNullable<Card["position"]> }) {
  const { t } = useTranslation("patrol");
  const { speed_mps, course_deg } = position;
  const moves = speed_mps !== null && speed_mps >= MOVES_MPS;
  const kmh = Math.round((speed_mps ?? 0) * 3.6);
  const speed = moves ? t("speed_kmh", { kmh }) : t("stands");
  return (
    <>
      <div>
        <dt>{t("speed")}</dt>
        <dd>{speed_mps === null ? t("unknown") : speed}</dd>
      </div>
      {moves && (
        <div>
          <dt>{t("heading")}</dt>
          <dd>
            {course_deg === null ? (
              t("unknown")
            ) : (
              <>
                <Arrow deg={course_deg} /> {t(`wind_${windOf(course_deg)}`)}
              </>
            )}
          </dd>
        </div>
      )}
    </>
  );
}

function NextReport({ card, aheadMs }: { card: Card; aheadMs: number }) {
  const { t } = useTranslation("patrol");
  const nowMs = useNow() + aheadMs;
  const late = overdueMs(card, nowMs);
  const due = card.tracker?.next_expected_ms ?? null;
  if (due === null) return t("unknown");
  if (late === null) return <Age t={Math.max(due, nowMs) - aheadMs} />;
  const s = Math.round(late / 1000);
  return (
    <Badge tone="warn">
      {s < 120 ? t("overdue", { s }) : t("overdue_min", { min: Math.floor(s / 60) })}
    </Badge>
  );
}

/** The tracker's place, else where the alarm was raised, else nothing. */
export function placeOf(card: Card): Place | null {
  const { position, incident } = card;
  if (position !== null) return { lat: position.lat_deg, lon: position.lon_deg };
  if (card.position_hidden || incident.lat_deg === null || incident.lon_deg === null) return null;
  return { lat: incident.lat_deg, lon: incident.lon_deg };
}

function FromMe(props: { me: Place | null; state: MeState; place: Place; onAsk(): void }) {
  const { t } = useTranslation("patrol");
  const language = useLanguage();
  const { me, state, place, onAsk } = props;
  if (me !== null) {
    const deg = bearingDeg(me, place);
    return (
      <strong>
        <Arrow deg={deg} />{" "}
        {t("me_way", {
          distance: spokenM(distanceM(me, place), language),
          wind: t(`wind_${windOf(deg)}`),
        })}
      </strong>
    );
  }
  if (state === "asking") return <span role="status">{t("me_wait")}</span>;
  return (
    <>
      <Button onClick={onAsk}>{t("me_ask")}</Button>
      <span className={css.small}>
        {state === "off" ? t("me_note") : t(state === "denied" ? "me_denied" : "me_failed")}
      </span>
    </>
  );
}

/** Points the way; up is north. */
function Arrow({ deg }: { deg: number }) {
  return (
    <svg
      className={css.arrow}
      viewBox="0 0 16 16"
      aria-hidden="true"
      style={{ transform: `rotate(${Math.round(deg)}deg)` }}
    >
      <path d="M8 1 13 14 8 11 3 14Z" />
    </svg>
  );
}
