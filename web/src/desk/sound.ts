/** A short sound for what is new: made by WebAudio, no file. Browsers allow it after a gesture. */

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

let audio: AudioContext | null = null;

/** Call this in a click or key press: only then may a page begin to sound. */
export function unlockSound(): void {
  if (typeof AudioContext === "undefined") return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

export function isSoundUnlocked(): boolean {
  return audio?.state === "running";
}

export function play(call: Call): void {
  const context = audio;
  if (context === null || context.state !== "running") return;
  for (const [number, hz] of TONES[call].entries()) tone(context, hz, number * TONE_S);
}

function tone(context: AudioContext, hz: number, afterS: number): void {
  const begin = context.currentTime + afterS;
  const wave = context.createOscillator();
  const volume = context.createGain();
  wave.frequency.value = hz;
  volume.gain.setValueAtTime(0, begin);
  volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, begin + TONE_S);
  wave.connect(volume).connect(context.destination);
  wave.start(begin);
  wave.stop(begin + TONE_S);
}
