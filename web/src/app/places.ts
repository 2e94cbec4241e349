/** Where one can go, and what one needs for it: the menu, and where a role begins. */
import type { Session } from "./session";

export interface Place {
  path: string;
  /** Key of i18n/common. */
  word: string;
  /** The permission that its first request needs. */
  needs: string;
  /** Roles whose daily work it is not: admins may everything, officers need no desk. */
  not?: readonly Session["role"][];
}

export const PLACES: readonly Place[] = [
  { path: "/patrol", word: "patrol", needs: "incidents_work", not: ["desk"] },
  { path: "/desk", word: "desk", needs: "alerts_verdict" },
  { path: "/staff/health", word: "health", needs: "devices_read", not: ["owner"] },
  { path: "/staff/chargers", word: "chargers", needs: "chargers_read" },
  { path: "/staff/cameras", word: "cameras", needs: "devices_read", not: ["owner"] },
  { path: "/staff/collection", word: "collection", needs: "chargers_read", not: ["desk"] },
  { path: "/staff/revenue", word: "revenue", needs: "books_read" },
  { path: "/staff/quarantine", word: "quarantine", needs: "quarantine_read" },
  { path: "/staff/books", word: "books", needs: "books_read" },
];

/** Places of a role, in the menu's order. */
export function placesOf(session: Pick<Session, "role" | "permissions">): Place[] {
  const held = new Set<string>(session.permissions);
  return PLACES.filter((place) => held.has(place.needs) && !place.not?.includes(session.role));
}

/** Where a role begins: admins at the desk, everybody else at their first place. */
export function startOf(session: Pick<Session, "role" | "permissions">): string | null {
  const places = placesOf(session);
  const start = session.role === "admin" ? places.find((at) => at.path === "/desk") : places[0];
  return (start ?? places[0])?.path ?? null;
}
