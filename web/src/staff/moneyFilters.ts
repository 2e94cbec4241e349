/** Filters of the charging pages as they stand in the address. */

export const REVENUE_BY = ["station", "site", "district", "day"] as const;
export type RevenueBy = (typeof REVENUE_BY)[number];

export interface RevenueFilter {
  by: RevenueBy;
  /** Days of the city; absent is the server's: a week until today. */
  from?: string;
  to?: string;
  area?: string;
}

const DAY = /^20\d\d-\d\d-\d\d$/;
const AREA = /^\d{1,14}$/;

export function readRevenue(search: URLSearchParams): RevenueFilter {
  const by = REVENUE_BY.find((one) => one === search.get("by")) ?? "station";
  return {
    by,
    ...kept("from", search.get("from"), isDay),
    ...kept("to", search.get("to"), isDay),
    ...kept("area", search.get("area"), isArea),
  };
}

export function writeRevenue(filter: RevenueFilter): URLSearchParams {
  return written({ ...filter, by: filter.by === "station" ? undefined : filter.by });
}

export interface ChargersFilter {
  area?: string;
  site?: string;
  trouble?: true;
}

const SITE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export function readChargers(search: URLSearchParams): ChargersFilter {
  return {
    ...kept("area", search.get("area"), isArea),
    ...kept("site", search.get("site"), (text) => SITE.test(text)),
    ...(search.get("trouble") === "true" ? { trouble: true as const } : {}),
  };
}

export function writeChargers(filter: ChargersFilter): URLSearchParams {
  return written({ ...filter, trouble: filter.trouble ? "true" : undefined });
}

/** An area code, or the first digits of one. */
export function isArea(text: string): boolean {
  return AREA.test(text);
}

/** Whether it is a day of the calendar: 2025-02-30 is none. */
export function isDay(text: string): boolean {
  return DAY.test(text) && shiftDay(text, 0) === text;
}

/** So many days later (or, < 0, earlier). */
export function shiftDay(day: string, days: number): string {
  const t = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(t.getTime())) return "";
  t.setUTCDate(t.getUTCDate() + days);
  return t.toISOString().slice(0, 10);
}

export const PERIOD_DAYS_MAX = 400;

export type PeriodFault = "period_backwards" | "period_long";

/** What is wrong with a period, null = nothing; the server asks the same. */
export function periodFault(from: string, to: string): PeriodFault | null {
  if (from > to) return "period_backwards";
  return shiftDay(from, PERIOD_DAYS_MAX) < to ? "period_long" : null;
}

/** An address below, with its filter. */
export function withQuery(path: string, search: URLSearchParams): string {
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** The same list as a table. */
export function csvAddress(path: string, search: URLSearchParams): string {
  const asked = new URLSearchParams(search);
  asked.set("format", "csv");
  return withQuery(path, asked);
}

function kept<Name extends string>(
  name: Name,
  text: string | null,
  good: (text: string) => boolean,
): { [K in Name]?: string } {
  return text !== null && good(text) ? ({ [name]: text } as { [K in Name]?: string }) : {};
}

export function written(values: Record<string, string | undefined>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value) search.set(name, value);
  return search;
}
