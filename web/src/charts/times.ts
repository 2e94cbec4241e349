/** Times of a chart's axis in a zone of one's choice (the city's), not only the reader's. */

/** Steps of an axis of time, seconds. */
const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
  172_800, 604_800, 1_209_600, 2_592_000,
] as const;
const DAY_MS = 86_400_000;

export interface Ticks {
  stepMs: number;
  times: number[];
}

/** How far the zone's clock is ahead of UTC at that time, milliseconds. */
export function offsetMs(tMs: number, zone: string | undefined): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...(zone === undefined ? {} : { timeZone: zone }),
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(tMs);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const local = Date.UTC(
    of("year"),
    of("month") - 1,
    of("day"),
    of("hour"),
    of("minute"),
    of("second"),
  );
  return local - Math.floor(tMs / 1000) * 1000;
}

/** Round times of the zone between two times, at most `most` of them. */
export function timeTicks(fromMs: number, toMs: number, most: number, zone?: string): Ticks {
  const lengthS = Math.max(toMs - fromMs, 1) / 1000;
  const stepS = STEPS_S.find((step) => lengthS / step <= most) ?? STEPS_S[STEPS_S.length - 1] ?? 1;
  const stepMs = stepS * 1000;
  const shiftMs = offsetMs(fromMs, zone);
  const times: number[] = [];
  let localMs = Math.ceil((fromMs + shiftMs) / stepMs) * stepMs;
  for (; localMs - shiftMs <= toMs + DAY_MS; localMs += stepMs) {
    const tMs = localMs - offsetMs(localMs - shiftMs, zone); // over a change of summer time, too
    if (tMs > toMs) break;
    if (tMs >= fromMs) times.push(tMs);
  }
  return { stepMs, times };
}

function locale(language: string): string {
  return language === "zh" ? "zh-CN" : "en-GB";
}

/** How a tick is written: seconds only when steps are shorter than a minute, days from a day on. */
export function tickText(tMs: number, stepMs: number, language: string, zone?: string): string {
  const clock: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const day: Intl.DateTimeFormatOptions = { month: "numeric", day: "numeric" };
  const atMidnight = (tMs + offsetMs(tMs, zone)) % DAY_MS === 0;
  const form =
    stepMs >= DAY_MS || (atMidnight && stepMs >= 3_600_000)
      ? day
      : stepMs < 60_000
        ? { ...clock, second: "2-digit" as const }
        : clock;
  return new Intl.DateTimeFormat(locale(language), {
    ...form,
    hourCycle: "h23",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(tMs);
}

/** The exact time, with the date. */
export function fullTime(tMs: number, language: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale(language), {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(tMs);
}

/** The time of day with seconds. */
export function dayTime(tMs: number, language: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale(language), {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).format(tMs);
}
