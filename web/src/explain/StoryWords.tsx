/** The words of an explanation: why, the witnesses, what happened, what kept it from telling more. */
import { useTranslation } from "react-i18next";
import { dayTime } from "../charts/times";
import { useLanguage, useSay } from "../i18n";
import css from "./explain.module.css";
import { signed } from "./SignsLane";
import { type Explained, marked } from "./story";

type Why = Explained["decisive_signs"][number];

export function StoryWords({ explained }: { explained: Explained }) {
  const { t } = useTranslation("explain");
  const language = useLanguage();
  const say = useSay();
  const zone = explained.timezone;
  const top = explained.alerts.reduce<Explained["alerts"][number] | null>(
    (best, one) => (best === null || one.level > best.level ? one : best),
    null,
  );
  const decisive = explained.decisive === null ? null : explained.fixes.t_ms[explained.decisive];
  const shown = marked(explained.happenings);
  return (
    <div className={css.words}>
      <section>
        <h3>{t("because")}</h3>
        {top === null ? (
          explained.because.map((line) => <p key={line.en}>{say(line)}</p>)
        ) : (
          <Whys whys={top.reasons} />
        )}
        {decisive !== null && decisive !== undefined && explained.decisive_signs.length > 0 && (
          <>
            <h3>{t("signs_at", { time: dayTime(decisive, language, zone) })}</h3>
            <Whys whys={explained.decisive_signs} />
          </>
        )}
        {explained.hindrances.length > 0 && (
          <>
            <h3>{t("hindrances")}</h3>
            <ul>
              {explained.hindrances.map((one) => (
                <li key={one.code}>
                  <span className={css.first}>{t("fixes_count", { count: one.fixes })}</span>
                  <span>{say(one)}</span>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section>
        <h3>{t("steps")}</h3>
        <ol className={css.steps}>
          {explained.happenings.map((one) => {
            const number = shown.indexOf(one) + 1;
            return (
              <li key={`${one.at_ms}-${one.code}-${one.by}`}>
                {number > 0 ? (
                  <span className={css.number} data-level={one.level} aria-hidden="true">
                    {number}
                  </span>
                ) : (
                  <span />
                )}
                <time dateTime={new Date(one.at_ms).toISOString()}>
                  {dayTime(one.at_ms, language, zone)}
                </time>
                <span>
                  {say(one)}
                  {one.level >= 0 && (
                    <span className="muted"> · {t("level", { level: one.level })}</span>
                  )}
                  {one.by !== "" && one.kind !== "event" && (
                    <span className="muted"> · {t("by", { name: one.by })}</span>
                  )}
                </span>
              </li>
            );
          })}
        </ol>
      </section>
    </div>
  );
}

function Whys({ whys }: { whys: readonly Why[] }) {
  const { t } = useTranslation("explain");
  const say = useSay();
  return (
    <ul>
      {whys.map((why) => (
        <li key={`${why.code}-${why.en}`}>
          <span className={css.first}>{why.nats === 0 ? "" : signed(why.nats)}</span>
          <span>
            {t(`group_${why.group}`)}: {say(why)}
          </span>
        </li>
      ))}
    </ul>
  );
}
