/** What the map shows, in words: for screen readers, and where no map can be drawn. */
import type { LatLon, LiveDot } from "./types";

export interface Said {
  /** Key of words.ts. */
  key: string;
  values?: Record<string, string | number>;
}

/** Digits of a degree: 1.1 m. */
const DIGITS = 5;

function at({ lat, lon }: LatLon): { lat: string; lon: string } {
  return { lat: lat.toFixed(DIGITS), lon: lon.toFixed(DIGITS) };
}

/** Parts of one sentence about the dot, in order. */
export function sayDot(dot: LiveDot, vehicle: string): Said[] {
  const said: Said[] = [{ key: "dot_at", values: { what: dot.label ?? vehicle, ...at(dot) } }];
  if (dot.acc_m !== null && dot.acc_m > 0) {
    said.push({ key: "dot_within", values: { m: Math.round(dot.acc_m) } });
  }
  if (dot.course_deg !== null && dot.course_deg !== undefined) {
    said.push({ key: "dot_course", values: { deg: Math.round(dot.course_deg) } });
  }
  if (dot.stale) said.push({ key: "dot_stale" });
  return said;
}

export function sayMe(me: LatLon): Said {
  return { key: "me_at", values: at(me) };
}
