/** Where the vehicle is, how old and how sure that is, and which way it lies from me. */
import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { Age } from "../ui/Age";
import { Badge } from "../ui/Badge";
import { Button } from "../ui/Button";
import { type Card, freshness, overdueMs, STALE_MS } from "./card";
import { sourceWord } from "./cardWords";
import { bearingDeg, distanceM, type Place, spokenM, windOf } from "./geo";
import css from "./patrol.module.css";
import type { MeState } from "./useMe";

interface Props {
  card: Card;
  aheadMs: number;
  me: Place | null;
  meState: MeState;
  onAsk(): void;
}

/** Slower than this nothing can be said of a heading; GPS noise moves it. Ours. */
const MOVES_MPS = 0.8;

export function Where({ card, aheadMs, me, meState, onAsk }: Props) {
  const { t } = useTranslation("patrol");
  const nowMs = useNow() + aheadMs;
  const { position, tracker, incident } = card;
  const fresh = freshness(card, nowMs);
  const due = tracker?.next_expected_ms ?? null;
  const late = overdueMs(card, nowMs);
  const place = placeOf(card);
  const moves = position !== null && (position.speed_mps ?? 0) >= MOVES_MPS;
  return (
    <section className={css.where} aria-label={t("where")}>
      {position === null ? (
        <p className={css.age}>
          {card.position_hidden ? t("closed_hidden") : t("no_position")}{" "}
          {!card.position_hidden && place && t("raised_there")}
        </p>
      ) : (
        <p className={css.age} data-fresh={fresh}>
          <strong>
            <Age t={position.t_ms - aheadMs} staleAfterS={STALE_MS / 1000} />
          </strong>
          <span>
            {t(sourceWord(position.source))},{" "}
            {position.acc_m === null
              ? t("accuracy_none")
              : t("accuracy", { m: spokenM(position.acc_m) })}
          </span>
          {fresh === "stale" && (
            <Badge tone="stale">
              {t("not_live")} · {t("last_known")}
            </Badge>
          )}
        </p>
      )}
      <dl className={css.facts}>
        {place && (
          <div className={css.meFact}>
            <dt>{t("me")}</dt>
            <dd>
              <FromMe me={me} state={meState} place={place} onAsk={onAsk} />
            </dd>
          </div>
        )}
        {position !== null && (
          <>
            <div>
              <dt>{t("speed")}</dt>
              <dd>
                {position.speed_mps === null
                  ? t("unknown")
                  : moves
                    ? t("speed_kmh", { kmh: Math.round(position.speed_mps * 3.6) })
                    : t("stands")}
              </dd>
            </div>
            {moves && (
              <div>
                <dt>{t("heading")}</dt>
                <dd>
                  {position.course_deg === null ? (
                    t("unknown")
                  ) : (
                    <>
                      <Arrow deg={position.course_deg} /> {t(`wind_${windOf(position.course_deg)}`)}
                    </>
                  )}
                </dd>
              </div>
            )}
            <div>
              <dt>{t("next_fix")}</dt>
              <dd>
                {late !== null ? (
                  <Overdue ms={late} />
                ) : due === null ? (
                  t("unknown")
                ) : (
                  <Age t={Math.max(due, nowMs) - aheadMs} />
                )}
              </dd>
            </div>
          </>
        )}
        {card.moved_m !== null && incident.kind !== "fire" && (
          <div>
            <dt>{t("moved")}</dt>
            <dd>{spokenM(card.moved_m)}</dd>
          </div>
        )}
        <div>
          <dt>{t("grid")}</dt>
          <dd>{incident.grid || t("no_grid")}</dd>
        </div>
      </dl>
    </section>
  );
}

/** The tracker's place, else where the alarm was raised, else nothing. */
export function placeOf(card: Card): Place | null {
  const { position, incident } = card;
  if (position !== null) return { lat: position.lat_deg, lon: position.lon_deg };
  if (card.position_hidden || incident.lat_deg === null || incident.lon_deg === null) return null;
  return { lat: incident.lat_deg, lon: incident.lon_deg };
}

function Overdue({ ms }: { ms: number }) {
  const { t } = useTranslation("patrol");
  const s = Math.round(ms / 1000);
  return (
    <Badge tone="warn">
      {s < 120 ? t("overdue", { s }) : t("overdue_min", { min: Math.floor(s / 60) })}
    </Badge>
  );
}

function FromMe(props: { me: Place | null; state: MeState; place: Place; onAsk(): void }) {
  const { t } = useTranslation("patrol");
  const { me, state, place, onAsk } = props;
  if (me !== null) {
    const deg = bearingDeg(me, place);
    return (
      <strong>
        <Arrow deg={deg} />{" "}
        {t("me_way", { distance: spokenM(distanceM(me, place)), wind: t(`wind_${windOf(deg)}`) })}
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
