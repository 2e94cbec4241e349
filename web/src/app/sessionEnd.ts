/** When a session may have ended. Pure. */
import { problemOf } from "../api/problem";

/** A little after the end: the server's clock decides, not ours. */
const SLACK_MS = 1_000;
/** Longer waits are taken for 0 by browsers (32 bits). */
const TIMER_MAX_MS = 2_147_483_647;

/** In how long to look whether it has ended, null for never. */
export function endsInMs(expiresMs: number | null, nowMs: number): number | null {
  if (expiresMs === null) return null;
  return Math.min(TIMER_MAX_MS, Math.max(0, expiresMs - nowMs) + SLACK_MS);
}

/** Whether a request other than "who am I" was answered that nobody is logged in. */
export function isElsewhere401(key: readonly unknown[], error: unknown): boolean {
  return key[0] !== "session" && problemOf(error).status === 401;
}
