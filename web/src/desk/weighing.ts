/** How much each reason says: people's words, evidence for and against, what does not count. Pure. */
import type { Reason } from "./queue";

export type Side = "word" | "for" | "against" | "discounted" | "fact";

/** What people said themselves (`alerts.report.human_reason`). */
const WORDS = new Set([
  "owner_not_me",
  "owner_me",
  "desk_confirmed",
  "reported_stolen",
  "sos",
  "owner_silent",
]);

/** Signs that weigh something when they count (docs/alerts.md); with 0 nats they are discounted. */
const SIGNS = new Set([
  "vibration",
  "wake",
  "fell",
  "tilt",
  "tow",
  "illegal_ignition",
  "power_cut",
  "site_power_loss",
  "unplugged",
  "removed",
  "jamming",
  "area_jamming",
  "silent",
  "dark_place",
  "expired",
]);

const ORDER: readonly Side[] = ["word", "for", "against", "fact", "discounted"];

export interface Weighed {
  reason: Reason;
  side: Side;
  /** Of a full bar, 0 to 1. */
  share: number;
}

/** A bar is full at so many nats: beyond it nobody asks how much more. */
const FULL_NATS = 12;

export function sideOf(reason: Reason): Side {
  if (reason.nats > 0) return "for";
  if (reason.nats < 0) return "against";
  if (WORDS.has(reason.code)) return "word";
  return SIGNS.has(reason.code) ? "discounted" : "fact";
}

/** In the order in which they are read: people, then by weight, then what does not count. */
export function weigh(reasons: readonly Reason[]): Weighed[] {
  return reasons
    .map((reason) => ({
      reason,
      side: sideOf(reason),
      share: Math.min(Math.abs(reason.nats) / FULL_NATS, 1),
    }))
    .sort((a, b) => ORDER.indexOf(a.side) - ORDER.indexOf(b.side) || b.share - a.share);
}

/** The reason that says most in few words: what a person said, else the heaviest. */
export function leadReason(reasons: readonly Reason[]): Reason | null {
  return weigh(reasons)[0]?.reason ?? null;
}
