/** Who was logged in last, for a page that is opened without a connection. No secret is in it. */
import type { Session } from "./session";

const KEPT = "parkguard.session";

export function keepSession(session: Session): void {
  localStorage.setItem(KEPT, JSON.stringify(session));
}

/** Null when nobody was, or the session has ended by time meanwhile. */
export function keptSession(nowMs: number): Session | null {
  const text = localStorage.getItem(KEPT);
  if (text === null) return null;
  const session = JSON.parse(text) as Session;
  const ended = session.expires_ms !== null && session.expires_ms <= nowMs;
  return ended ? null : session;
}

/** Logged out: nothing of the session, nor of any case, stays in this browser. */
export async function forgetSession(): Promise<void> {
  localStorage.removeItem(KEPT);
  const { forgetCards } = await import("../patrol/kept");
  await forgetCards();
}
