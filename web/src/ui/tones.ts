/** Short calls made by WebAudio, no file. Browsers allow sound only after a gesture. */

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

/** Play tones one after the other; nothing before the first gesture. `loudness` is 0 to 1. */
export function playTones(tonesHz: readonly number[], toneS: number, loudness: number): void {
  const context = audio;
  if (context === null || context.state !== "running") return;
  tonesHz.forEach((hz, number) => {
    const begin = context.currentTime + number * toneS;
    const wave = context.createOscillator();
    const volume = context.createGain();
    wave.frequency.value = hz;
    volume.gain.setValueAtTime(0, begin);
    volume.gain.linearRampToValueAtTime(loudness, begin + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + toneS);
    wave.connect(volume).connect(context.destination);
    wave.start(begin);
    wave.stop(begin + toneS);
  });
}
