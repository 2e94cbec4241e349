/** Keys of words.ts for what the API names by code. */
import type { Tone } from "../ui/Badge";
import type { Incident } from "./card";
import type { TapStep } from "./taps";

const KINDS = new Set(["movement", "tamper", "geofence", "sos", "area", "identity", "fire"]);
const SOURCES = new Set(["gnss", "cell", "wifi", "last", "manual"]);

export function kindWord(kind: string): string {
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

/** All reasons in words, as the server gives them. */
export function reasonsOf(incident: Incident): Said[] {
  return incident.reasons.filter(isSaid);
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
