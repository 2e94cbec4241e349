/** A new case is heard and felt. */
import { playTones } from "../ui/tones";

const MUTED = "parkguard.patrol.muted";

/** Hz, one after the other: a call that is heard in traffic; higher and longer in danger. */
const TONES = { new: [880, 1175, 880, 1175], danger: [1320, 988, 1320, 988, 1320, 988] } as const;
const TONE_S = 0.18;
const LOUDNESS = 0.35;
/** ms on, off, on ... */
const SHAKES = { new: [300, 120, 300], danger: [600, 150, 600, 150, 600] } as const;

export type Call = keyof typeof TONES;

export function isMuted(): boolean {
  return localStorage.getItem(MUTED) === "yes";
}

export function setMuted(muted: boolean): void {
  localStorage.setItem(MUTED, muted ? "yes" : "no");
}

export function ring(call: Call): void {
  if (isMuted()) return;
  navigator.vibrate?.([...SHAKES[call]]);
  playTones(TONES[call], TONE_S, LOUDNESS);
}
