/** What a device of each class measures again and again (docs/api.md, history), with its unit. */
import type { Cls } from "./healthFilter";

export interface Measure {
  name: string;
  unit: string;
  digits: number;
}

const m = (name: string, unit: string, digits = 0): Measure => ({ name, unit, digits });

/** The first is shown unless another is chosen. `speed_mps` needs a purpose and is not here. */
export const MEASURES: Record<Cls, readonly Measure[]> = {
  trk: [
    m("battery_pct", "%"),
    m("rssi_dbm", "dBm"),
    m("ext_mv", "mV"),
    m("acc_m", "m", 1),
    m("sat", ""),
  ],
  chg: [
    m("ports_busy", ""),
    m("ports_faulted", ""),
    m("temp_c", "°C", 1),
    m("mains_v", "V", 1),
    m("rssi_dbm", "dBm"),
    m("energy_total_wh", "Wh"),
    m("sessions_total", ""),
    m("coins_total", ""),
    m("box_coins", ""),
  ],
  cam: [
    m("fps", "fps", 1),
    m("kbps", "kbit/s"),
    m("online", ""),
    m("recording", ""),
    m("disk_used_gb", "GB"),
    m("clock_off_ms", "ms"),
    m("temp_c", "°C", 1),
  ],
  gw: [],
};

export interface Span {
  word: string;
  ms: number;
  /** Length of an interval: 24 to 60 of them fill a chart; the API takes none below 10 min. */
  every: string;
}

const HOUR_MS = 3_600_000;

export const SPANS: readonly Span[] = [
  { word: "hours_24", ms: 24 * HOUR_MS, every: "1h" },
  { word: "days_7", ms: 7 * 24 * HOUR_MS, every: "3h" },
  { word: "days_30", ms: 30 * 24 * HOUR_MS, every: "12h" },
];

export function measuresOf(cls: string): readonly Measure[] {
  return MEASURES[cls as Cls] ?? [];
}

const DAY_MS = 86_400_000;
/** How far a prediction is drawn: farther ones would press what was into a corner. */
export const AHEAD_MS = 14 * DAY_MS;

interface Going {
  level: number | null;
  per_day: number | null;
  empty: string | null;
}

/** A battery's line from now to where it is empty, at most `AHEAD_MS` ahead; none without a date. */
export function prediction(trend: Going, nowMs: number): { t_ms: number; value: number }[] {
  if (trend.level === null || trend.per_day === null || trend.empty === null) return [];
  const emptyMs = Date.parse(trend.empty);
  const endMs = Math.min(emptyMs, nowMs + AHEAD_MS);
  if (endMs <= nowMs) return [];
  const share = (endMs - nowMs) / (emptyMs - nowMs);
  return [
    { t_ms: nowMs, value: trend.level },
    { t_ms: endMs, value: trend.level * (1 - share) },
  ];
}
