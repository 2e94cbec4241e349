/** The card as the stream keeps it fresh. Pure. */
import type { Schemas } from "../api/client";
import { stepsOf } from "./steps";

export type Card = Schemas["CardOut"];
export type Incident = Schemas["IncidentOut"];
type Position = Schemas["PositionOut"];

/** A position older than this is no live one: it turns grey and says so. Ours. */
export const STALE_MS = 60_000;
/** A report is overdue when it did not come so long after it was due. Ours. */
export const OVERDUE_MS = 15_000;
/** As much of the trail as the server gives (api/card.py). */
const TRAIL_MS = 600_000;
const TRAIL_MAX = 200;

/** A `position` event of the stream (docs/api.md). */
export interface PositionEvent extends Omit<Position, "age_s"> {
  incident_id: string;
  next_expected_ms: number | null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Read an event; null when it is none of ours. */
export function positionOf(data: unknown): PositionEvent | null {
  if (typeof data !== "object" || data === null) return null;
  const event = data as PositionEvent;
  const whole =
    typeof event.incident_id === "string" &&
    isNumber(event.lat_deg) &&
    isNumber(event.lon_deg) &&
    isNumber(event.t_ms);
  return whole ? event : null;
}

/** The card with a newer position, its trail one point longer; the same card when it is older. */
export function withPosition(card: Card, event: PositionEvent): Card {
  const old = card.position;
  const isOurs = event.incident_id === card.incident.id && !card.position_hidden;
  if (!isOurs || (old !== null && event.t_ms <= old.t_ms)) return card;
  const { incident_id: _, next_expected_ms, ...place } = event;
  const point = {
    t_ms: place.t_ms,
    lat_deg: place.lat_deg,
    lon_deg: place.lon_deg,
    acc_m: place.acc_m,
    source: place.source,
  };
  const trail = card.trail.filter((one) => one.t_ms >= place.t_ms - TRAIL_MS);
  return {
    ...card,
    position: { ...place, age_s: 0 },
    trail: [...trail, point].slice(-TRAIL_MAX),
    tracker: card.tracker && { ...card.tracker, next_expected_ms: next_expected_ms ?? null },
  };
}

/** What an answer of the server to a tap changes at once; the rest comes with the next look. */
export function withIncident(card: Card, incident: Incident, name: string): Card {
  const untaken = incident.assignee === null || ["open", "assigned"].includes(incident.state);
  const held_by = untaken ? "nobody" : incident.assignee === name ? "you" : "other";
  // the old card's `next` is of the old state, and the next look may be cut off
  const { main, more } = stepsOf(incident.state, null);
  const next = held_by === "other" ? [] : [...main, ...more];
  return { ...card, incident, held_by, next };
}

export type Freshness = "live" | "stale" | "unknown";

/** @param nowMs by the server's clock */
export function freshness(card: Card, nowMs: number): Freshness {
  if (card.position === null) return "unknown";
  return nowMs - card.position.t_ms > STALE_MS ? "stale" : "live";
}

/** How long its next report is overdue, ms; null when it is not. */
export function overdueMs(card: Card, nowMs: number): number | null {
  const due = card.tracker?.next_expected_ms;
  if (due === null || due === undefined) return null;
  return nowMs - due > OVERDUE_MS ? nowMs - due : null;
}

/** Highest level first, of one level the newest first. */
export function byUrgency(incidents: readonly Incident[]): Incident[] {
  return [...incidents].sort((a, b) => b.level - a.level || b.opened_ms - a.opened_ms);
}

/** Level of a person in danger. */
const DANGER = 4;

export interface Groups {
  danger: Incident[];
  mine: Incident[];
  waiting: Incident[];
  others: Incident[];
}

/** An officer's list in parts: people in danger, mine, nobody's, somebody else's. */
export function grouped(incidents: readonly Incident[], name: string): Groups {
  const groups: Groups = { danger: [], mine: [], waiting: [], others: [] };
  for (const incident of byUrgency(incidents)) {
    const untaken = incident.assignee === null || ["open", "assigned"].includes(incident.state);
    const calm = untaken
      ? groups.waiting
      : incident.assignee === name
        ? groups.mine
        : groups.others;
    const part = incident.level >= DANGER ? groups.danger : calm;
    part.push(incident);
  }
  return groups;
}
