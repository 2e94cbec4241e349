/** How health is written: tones, spans of time, numbers with their units. Pure. */
import type { Tone } from "../ui/Badge";

const TONES: Record<string, Tone> = {
  fire: "danger",
  outage: "danger",
  security: "danger",
  offline: "danger",
  failing: "warn",
  degraded: "warn",
  late: "warn",
  fine: "ok",
};

export function severityTone(severity: string): Tone {
  return TONES[severity] ?? "plain";
}

const PRESENCE_TONES: Record<string, Tone> = {
  online: "ok",
  sleeping: "info",
  late: "warn",
  offline: "danger",
  unknown: "stale",
};

export function presenceTone(presence: string): Tone {
  return PRESENCE_TONES[presence] ?? "plain";
}

const COMMAND_TONES: Record<string, Tone> = {
  queued: "info",
  sent: "info",
  done: "ok",
  refused: "warn",
  failed: "danger",
  expired: "warn",
  replaced: "stale",
};

export function commandTone(state: string): Tone {
  return COMMAND_TONES[state] ?? "plain";
}

/** A span in its two greatest units, as `[["days", 1], ["hours", 2]]`; keys of words-health. */
export function spanParts(s: number): [unit: string, count: number][] {
  const whole = Math.max(0, Math.floor(s));
  const parts: [string, number][] = [
    ["span_d", Math.floor(whole / 86_400)],
    ["span_h", Math.floor(whole / 3_600) % 24],
    ["span_min", Math.floor(whole / 60) % 60],
    ["span_s", whole % 60],
  ];
  const first = parts.findIndex(([, count]) => count > 0);
  if (first < 0) return [["span_s", 0]];
  return parts.slice(first, first + 2).filter(([, count]) => count > 0);
}

/** A share as per cent: never 100 % unless it is whole, never 0 % unless it is nothing. */
export function percent(share: number | null | undefined, digits = 2): string | null {
  if (share === null || share === undefined) return null;
  if (share >= 1) return "100 %";
  const step = 10 ** -digits;
  const shown = Math.min(100 - step, share > 0 ? Math.max(step, share * 100) : 0);
  return `${shown.toFixed(digits)} %`;
}

const SHIFT: Record<string, number> = { disk_used_gb: 0, clock_off_ms: 0, energy_total_wh: 0 };

/** A number as people read it; null stays null, which is unknown. */
export function numberText(value: number | null | undefined, measure = "", language = "en") {
  if (value === null || value === undefined) return null;
  const digits = SHIFT[measure] ?? (Math.abs(value) < 100 ? 1 : 0);
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en-GB", {
    maximumFractionDigits: digits,
    signDisplay: "negative", // no "-0"
  }).format(value);
}
