/** Times as people say them: "12 s ago", "in 3 min". */

export interface Spoken {
  /** Key of i18n/common. */
  key: string;
  count: number;
}

const UNITS: readonly [name: string, s: number, below: number][] = [
  ["seconds", 1, 120],
  ["minutes", 60, 120 * 60],
  ["hours", 3600, 48 * 3600],
  ["days", 86_400, Number.POSITIVE_INFINITY],
];

/** How long ago, or in how long. Seconds up to two minutes, minutes up to two hours ... */
export function spoken(tMs: number, nowMs: number): Spoken {
  const s = Math.round((nowMs - tMs) / 1000);
  const away = Math.abs(s);
  for (const [name, size, below] of UNITS) {
    if (away >= below) continue;
    const count = Math.floor(away / size);
    if (count === 0) return { key: "just_now", count };
    return s >= 0 ? { key: `${name}_ago`, count } : { key: `in_${name}`, count };
  }
  return { key: "just_now", count: 0 };
}

/** The exact time in the reader's zone, with seconds. */
export function exact(tMs: number, language: string): string {
  return new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
  }).format(tMs);
}

/** The time of day alone, for today; with the date for another day. */
export function clockTime(tMs: number, nowMs: number, language: string): string {
  const sameDay = new Date(tMs).toDateString() === new Date(nowMs).toDateString();
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  const time: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  };
  const day: Intl.DateTimeFormatOptions = sameDay ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(locale, { ...day, ...time, hour12: false }).format(tMs);
}
