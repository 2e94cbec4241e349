/** A short sound for what is new at the desk. */
import { playTones } from "../ui/tones";

const KEPT = "parkguard.desk.sound";

/** Tones of one call, Hz: a rising pair for what waits, three high ones for danger. */
const TONES = { calm: [660, 880], danger: [880, 1175, 1568] } as const;
const TONE_S = 0.14;
const LOUDNESS = 0.18;

export type Call = keyof typeof TONES;

export function keptSound(): boolean {
  return localStorage.getItem(KEPT) !== "off";
}

export function keepSound(on: boolean): void {
  localStorage.setItem(KEPT, on ? "on" : "off");
}

export function play(call: Call): void {
  playTones(TONES[call], TONE_S, LOUDNESS);
}
