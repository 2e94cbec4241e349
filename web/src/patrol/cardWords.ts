/** Keys of words.ts for what the API names by code. */
import type { Tone } from "../ui/Badge";
import type { Incident } from "./card";
import type { TapStep } from "./taps";

const KINDS = new Set(["movement", "tamper", "geofence", "sos", "area", "identity", "fire"]);
const SOURCES = new Set(["gnss", "cell", "wifi", "last", "manual"]);

/** Confirmed by a person: from here on it is a theft, not a movement. */
const CONFIRMED = 3;

export function kindWord({ kind, level }: Pick<Incident, "kind" | "level">): string {
  if (kind === "movement" && level >= CONFIRMED) return "kind_theft";
  return KINDS.has(kind) ? `kind_${kind}` : "kind_other";
}

export function sourceWord(source: string | null): string {
  return source !== null && SOURCES.has(source) ? `source_${source}` : "source_none";
}

export function levelTone(level: number): Tone {
  if (level >= 3) return "danger";
  return level === 2 ? "warn" : "plain";
}

export interface Said {
  en: string;
  zh: string;
}

function isSaid(reason: Record<string, unknown>): reason is Record<string, unknown> & Said {
  return typeof reason.en === "string" && typeof reason.zh === "string";
}

/** What stands behind the first part of a reason is for who has the time: the desk. */
const REST = /[;;\uff1b].*$/s;

/** All reasons in few words, what people said before what machines saw. */
export function reasonsOf(incident: Incident): Said[] {
  const said = incident.reasons.filter(isSaid);
  const people = (reason: Record<string, unknown>) => (reason.group === "human" ? 0 : 1);
  return said
    .sort((a, b) => people(a) - people(b))
    .map(({ en, zh }) => ({ en: en.replace(REST, ""), zh: zh.replace(REST, "") }));
}

/** The registry's kinds of vehicles, as people call them; others stand as they are. */
const VEHICLES: Readonly<Record<string, string>> = {
  "e-bike": "vehicle_ebike",
  "e-moped": "vehicle_emoped",
  motorcycle: "vehicle_motorcycle",
};

export function vehicleWord(kind: string): string | null {
  return VEHICLES[kind] ?? null;
}

/** The first reason: why anybody was called. */
export function reasonOf(incident: Incident): Said | null {
  return reasonsOf(incident)[0] ?? null;
}

/** What a tap is called on its button. */
export function tapWord(step: TapStep): string {
  if (step.kind === "help") return "do_help";
  return step.kind === "close" ? `outcome_${step.outcome}` : `do_${step.state}`;
}

/** Why a tap was refused. */
export function refusalWord(code: string): string {
  const words: Record<string, string> = {
    incident_taken: "refused_taken",
    illegal_transition: "refused_illegal",
    stale_version: "refused_illegal",
    not_found: "refused_gone",
    too_old: "refused_old",
  };
  return words[code] ?? "refused_other";
}
