/** When a coin box is full, in days and dates; the API gives a 90 % interval. */
import type { Schemas } from "../api/client";

export type Full = Schemas["FullOut"];

export type Forecast =
  | { kind: "unknown" }
  | { kind: "now" }
  /** `high` null: perhaps never. */
  | { kind: "range"; low: string; high: string | null; likelyMs: number | null };

const DAY_MS = 86_400_000;

export function forecastOf(full: Full | null, nowMs: number): Forecast {
  if (full === null) return { kind: "unknown" };
  if (full.days === 0) return { kind: "now" };
  return {
    kind: "range",
    low: shortDays(full.low_days),
    high: full.high_days === null ? null : shortDays(full.high_days),
    likelyMs: full.days === null ? null : nowMs + full.days * DAY_MS,
  };
}

/** One decimal below ten days, none above: nobody knows it better. */
export function shortDays(days: number): string {
  return days < 10 ? days.toFixed(1) : String(Math.round(days));
}

/** Hour and minute in the reader's zone; with the day when it is not today. */
export function untilWords(tMs: number, nowMs: number, language: string): string {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  const isToday = new Date(tMs).toDateString() === new Date(nowMs).toDateString();
  const day: Intl.DateTimeFormatOptions = isToday ? {} : { month: "short", day: "numeric" };
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hour12: false };
  return new Intl.DateTimeFormat(locale, { ...day, ...time }).format(tMs);
}

/** A calendar day in words of the reader's language, without the year. */
export function dayWords(tMs: number, language: string): string {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
  }).format(tMs);
}
