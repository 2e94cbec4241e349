import { useTranslation } from "react-i18next";
import { useNow } from "../app/clock";
import { useLanguage } from "../i18n";
import { exact, spoken } from "./ages";

interface Props {
  /** Milliseconds since 1970, or what the API writes (ISO 8601). */
  t: number | string;
  /** Older than so many seconds is shown grey. */
  staleAfterS?: number;
}

/** How long ago (or in how long), counting; the exact time on hover. */
export function Age({ t, staleAfterS }: Props) {
  const { t: word } = useTranslation();
  const language = useLanguage();
  const nowMs = useNow();
  const tMs = typeof t === "number" ? t : Date.parse(t);
  const { key, count } = spoken(tMs, nowMs);
  const stale = staleAfterS !== undefined && nowMs - tMs > staleAfterS * 1000;
  return (
    <time
      dateTime={new Date(tMs).toISOString()}
      title={exact(tMs, language)}
      className={stale ? "stale" : undefined}
    >
      {word(key, { count })}
    </time>
  );
}
