import { Link } from "react-router";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { Age } from "../ui/Age";
import { clockTime } from "../ui/ages";
import css from "./case.module.css";
import { LevelBadge } from "./Level";
import { useDesk, useWord } from "./says";
import type { Entry } from "./timeline";

/** Other systems that speak in the log, by what they are. */
const SYSTEMS = new Set(["police", "fire", "maintenance"]);

/** Everything that happened, oldest first: when, what, by whom. */
export function Timeline({ entries }: { entries: readonly Entry[] }) {
  const t = useDesk();
  const word = useWord();
  const language = useLanguage();
  const nowMs = useNow();
  if (entries.length === 0) return <p className="muted">{t("timeline_empty")}</p>;
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role with list-style none
    <ol role="list" className={css.timeline}>
      {entries.map((entry) => (
        <li key={entry.key} data-of={entry.of} data-word={entry.word}>
          <span className={css.when}>
            <span>{clockTime(entry.atMs, nowMs, language)}</span>
            <Age t={entry.atMs} />
          </span>
          <span className={css.what}>
            <strong>{word("what", entry.word)}</strong>
            {entry.level !== null && <LevelBadge level={entry.level} />}
            {entry.movedM !== null && (
              <span className="muted">{t("meters", { m: Math.round(entry.movedM) })}</span>
            )}
            {entry.otherAlert && (
              <Link to={`/desk/alerts/${encodeURIComponent(entry.otherAlert)}`}>
                {t("alert_title")}
              </Link>
            )}
            <span className="muted">
              {entry.by
                ? t("by", { name: SYSTEMS.has(entry.by) ? word("to", entry.by) : entry.by })
                : t("by_machine")}
            </span>
            {entry.reason && <q className={css.said}>{entry.reason}</q>}
            {entry.tappedMs !== null && (
              <span className="muted">
                {t("tapped", { age: clockTime(entry.tappedMs, nowMs, language) })}
              </span>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
