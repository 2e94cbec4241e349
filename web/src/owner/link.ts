/** What the owner's page knows without React: its token, how far the alert has come, its clock. */
import type { Schemas } from "../api/client";

export type View = Schemas["LinkOut"];
export type AnswerWord = "me" | "not_me";

/** The page asks anew so often while the alert is open, ms. */
export const POLL_MS = 5_000;
/** A place older than this is shown grey, seconds: a tracker under alarm reports every 5 s. */
export const STALE_S = 60;

/** The token behind `#`; null when there is none. */
export function tokenOf(hash: string): string | null {
  const token = hash.replace(/^#/, "");
  return /^pgl_[A-Za-z0-9_-]+$/.test(token) ? token : null;
}

export type Phase = "asked" | "police" | "ended";

export function phaseOf(view: View): Phase {
  if (view.ended) return "ended";
  return view.police_told_ms === null ? "asked" : "police";
}

/** A moment of the server's clock on this phone's, which may be wrong. */
export function onThisClock(tMs: number, view: View, receivedMs: number): number {
  return tMs + (receivedMs - view.now_ms);
}

/** The answer is on its way until the alert's own timeline has it (or it has ended). */
export function isOnItsWay(sent: AnswerWord | null, view: View): boolean {
  return sent !== null && view.ended === null && view.said?.answer !== sent;
}

/** Words of an end that the page knows; others are told plainly. */
export const ENDS = [
  "owner_me",
  "desk_dismissed",
  "disarmed",
  "returned",
  "expired",
  "incident_closed",
] as const;

export function endKey(what: string): string {
  return (ENDS as readonly string[]).includes(what) ? `end_${what}` : "end_other";
}

/** "84 m", "1.2 km". */
export function distance(m: number): string {
  return m < 1000 ? `${Math.round(m)} m` : `${(m / 1000).toFixed(1)} km`;
}
