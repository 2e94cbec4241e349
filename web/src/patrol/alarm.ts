/** A new case is heard and felt. Browsers allow sound only after a gesture: `unlock` in a press. */

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

let audio: AudioContext | null = null;

/** Call in a press. */
export function unlock(): void {
  if (typeof AudioContext === "undefined") return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

export function isUnlocked(): boolean {
  return audio?.state === "running";
}

export function ring(call: Call): void {
  if (isMuted()) return;
  navigator.vibrate?.([...SHAKES[call]]);
  if (audio === null || audio.state !== "running") return;
  const context = audio;
  TONES[call].forEach((hz, number) => {
    const begin = context.currentTime + number * TONE_S;
    const wave = context.createOscillator();
    const volume = context.createGain();
    wave.frequency.value = hz;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + TONE_S);
    wave.connect(volume).connect(context.destination);
    wave.start(begin);
    wave.stop(begin + TONE_S);
  });
}
