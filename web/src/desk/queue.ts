/** The desk's queue: what waits for a person now, in the order in which it needs one. */
import type { Schemas } from "../api/client";

export type Alert = Schemas["AlertOut"];
export type Incident = Schemas["IncidentOut"];

/** Groups of the queue, from the top: nobody has it, nobody has judged it, somebody is at it. */
export const GROUPS = ["untaken", "verdict", "working"] as const;
export type Group = (typeof GROUPS)[number];

export interface Item {
  /** Unique over both kinds: `alert:ID` or `incident:ID`. */
  key: string;
  type: "alert" | "incident";
  id: string;
  alertId: string;
  group: Group;
  kind: string;
  level: number;
  state: string;
  vehicleId: string;
  deviceId: string;
  label: string;
  grid: string;
  /** When it began to wait, ms. */
  sinceMs: number;
  lat: number | null;
  lon: number | null;
  reasons: Reason[];
  assignee: string | null;
  caseNumber: string | null;
  version: number;
}

export interface Reason {
  code: string;
  group: string;
  nats: number;
  en: string;
  zh: string;
}

/** States in which nobody has an incident (`api.incident_moves.UNTAKEN`). */
const UNTAKEN = new Set(["open", "assigned"]);

/** Read the reasons of an alert or incident; the API types them as free objects. */
export function reasonsOf(given: readonly Record<string, unknown>[]): Reason[] {
  return given.map((one) => ({
    code: textOf(one.code),
    group: textOf(one.group),
    nats: typeof one.nats === "number" ? one.nats : 0,
    en: textOf(one.en),
    zh: textOf(one.zh),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function itemOfAlert(alert: Alert): Item {
  return {
    key: `alert:${alert.id}`,
    type: "alert",
    id: alert.id,
    alertId: alert.id,
    group: "verdict",
    kind: alert.kind,
    level: alert.level,
    state: alert.state,
    vehicleId: alert.vehicle_id,
    deviceId: alert.device_id,
    label: alert.label ?? "",
    grid: alert.grid,
    sinceMs: alert.raised_ms,
    lat: alert.lat_deg,
    lon: alert.lon_deg,
    reasons: reasonsOf(alert.reasons),
    assignee: null,
    caseNumber: null,
    version: alert.version,
  };
}

export function itemOfIncident(incident: Incident): Item {
  return {
    key: `incident:${incident.id}`,
    type: "incident",
    id: incident.id,
    alertId: incident.alert_id,
    group: UNTAKEN.has(incident.state) ? "untaken" : "working",
    kind: incident.kind,
    level: incident.level,
    state: incident.state,
    vehicleId: incident.vehicle_id,
    deviceId: incident.device_id,
    label: incident.label ?? "",
    grid: incident.grid,
    sinceMs: incident.opened_ms,
    lat: incident.lat_deg,
    lon: incident.lon_deg,
    reasons: reasonsOf(incident.reasons),
    assignee: incident.assignee,
    caseNumber: incident.case_number,
    version: incident.version,
  };
}

/** One queue of both. An alert whose incident stands in it is not listed twice. */
export function queueOf(alerts: readonly Alert[], incidents: readonly Incident[]): Item[] {
  const cases = incidents.map(itemOfIncident);
  const covered = new Set(cases.map((item) => item.alertId));
  const waiting = alerts.filter((alert) => !covered.has(alert.id)).map(itemOfAlert);
  return [...cases, ...waiting].sort(byNeed);
}

/** By group, then the higher level, then who waits longest; the key makes it whole. */
export function byNeed(a: Item, b: Item): number {
  return (
    GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) ||
    b.level - a.level ||
    a.sinceMs - b.sinceMs ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}

/** One line of the list as it is shown. */
export interface Row {
  item: Item;
  /** Where it stands in the list; while the list is held it stays there. */
  group: Group;
  /** It has left the queue and stays only until the list is released. */
  gone: boolean;
}

export interface Shown {
  rows: Row[];
  /** What came in while the list is held, and will appear when it is released. */
  fresh: Item[];
}

/**
 * What to show next. While the list is held (the pointer is over it) nothing moves under the hand:
 * rows keep their places, what has left is grey, what is new is counted.
 */
export function arrange(before: Shown, queue: readonly Item[], held: boolean): Shown {
  if (!held || before.rows.length === 0) {
    return { rows: queue.map((item) => ({ item, group: item.group, gone: false })), fresh: [] };
  }
  const now = new Map(queue.map((item) => [item.key, item]));
  const rows = before.rows.map((row) => {
    const item = now.get(row.item.key);
    now.delete(row.item.key);
    return item === undefined ? { ...row, gone: true } : { item, group: row.group, gone: false };
  });
  return { rows, fresh: [...now.values()] };
}

/** Keys that are in the queue now and were not: what the sound is for. */
export function newcomers(known: ReadonlySet<string>, queue: readonly Item[]): Item[] {
  return queue.filter((item) => item.group !== "working" && !known.has(item.key));
}
