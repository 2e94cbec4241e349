/** One timeline of an alert and its incident: what happened, when, by whom. Pure. */
import type { Schemas } from "../api/client";

export type AlertStep = Schemas["AlertStepOut"];
export type IncidentStep = Schemas["IncidentStepOut"];
export type Delivery = Schemas["DeliveryOut"];

export interface Entry {
  key: string;
  of: "alert" | "incident";
  atMs: number;
  /** Word of the step: `what` of an alert, the new state of an incident. */
  word: string;
  /** Somebody's name; "" for the machine. */
  by: string;
  /** What was said to it; "" for nothing. */
  reason: string;
  /** When it was tapped on a phone that was offline; null: at `atMs`. */
  tappedMs: number | null;
  /** Another alert that it speaks of. */
  otherAlert: string | null;
  level: number | null;
  movedM: number | null;
}

/** By these words the log names alerts (`stores.processing_effects`). */
const OPENED_BY = /^alert( [\w-]+)?$/;
const JOINED = /^alert ([\w-]+) joined$/;

/** Oldest first; of the same moment the alert's step comes first: it is the cause. */
export function timelineOf(
  alert: readonly AlertStep[],
  incident: readonly IncidentStep[],
): Entry[] {
  let level: number | null = null;
  const machine = alert.map((step): Entry => {
    const changed = step.level !== level;
    level = step.level;
    return {
      key: `a${step.version}`,
      of: "alert",
      atMs: step.at_ms,
      word: step.what,
      by: step.by === "system" ? "" : step.by,
      reason: "",
      tappedMs: null,
      otherAlert: null,
      level: changed ? step.level : null,
      movedM: step.moved_m >= 1 ? step.moved_m : null,
    };
  });
  const people = incident.map((step, number): Entry => {
    const joined = JOINED.exec(step.reason)?.[1] ?? null;
    const same = step.from_state === step.to_state;
    return {
      key: `i${number}`,
      of: "incident",
      atMs: step.at_ms,
      word: joined !== null ? "joined" : same ? "said" : step.to_state,
      by: step.by === "system" ? "" : step.by,
      reason: joined !== null || OPENED_BY.test(step.reason) ? "" : step.reason,
      tappedMs: step.tapped_ms,
      otherAlert: joined,
      level: null,
      movedM: null,
    };
  });
  return [...machine, ...people].sort(
    (a, b) => a.atMs - b.atMs || (a.of === b.of ? 0 : a.of === "alert" ? -1 : 1),
  );
}

/** Each telling once: those of the incident are among those of its alert, mostly. */
export function deliveriesOf(...lists: readonly (readonly Delivery[])[]): Delivery[] {
  const seen = new Map<string, Delivery>();
  for (const told of lists.flat()) {
    seen.set(`${told.channel}|${told.receiver}|${told.action}|${told.created_ms}`, told);
  }
  return [...seen.values()].sort((a, b) => a.created_ms - b.created_ms);
}

/** What became of a telling, as a tone of a badge. */
export function toneOf(state: string): "ok" | "danger" | "info" {
  if (state === "sent") return "ok";
  return state === "due" ? "info" : "danger";
}
