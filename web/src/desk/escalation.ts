/** Who is to be called while nobody acknowledges an incident, and when. Pure. */
import type { Schemas } from "../api/client";

export type CallStep = Schemas["CallOut"];

export interface Escalation {
  /** The newest step that is due; null before the first. */
  due: CallStep | null;
  /** Seconds since it is due. */
  dueForS: number;
  /** The step after it; null after the last. */
  next: CallStep | null;
  /** Whole seconds until it is due. */
  inS: number;
}

/**
 * Where an untaken incident stands.
 * @param openedMs When people's work began, the server's ms.
 * @param steps Of its kind, whatever their order.
 * @param nowMs The server's clock now.
 */
export function escalationOf(
  openedMs: number,
  steps: readonly CallStep[],
  nowMs: number,
): Escalation {
  const ageS = Math.max(0, (nowMs - openedMs) / 1000);
  const ordered = [...steps].sort((a, b) => a.after_s - b.after_s);
  const due = ordered.findLast((step) => step.after_s <= ageS) ?? null;
  const next = ordered.find((step) => step.after_s > ageS) ?? null;
  return {
    due,
    dueForS: due === null ? 0 : Math.floor(ageS - due.after_s),
    next,
    inS: next === null ? 0 : Math.ceil(next.after_s - ageS),
  };
}

/** Seconds as a clock reads them: 45 -> "0:45", 3605 -> "1:00:05". */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${s}`;
}
