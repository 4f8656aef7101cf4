// Sound and vibration beside colour, sign and word: a door is loud, and a glance must be enough.

const TONES = {
  ok: [[880, 0, 0.12], [1320, 0.13, 0.16]],
  mind: [[660, 0, 0.14], [660, 0.2, 0.14]],
  no: [[220, 0, 0.45]],
  off: [[880, 0, 0.1], [700, 0.12, 0.14]],
};
const SHAKES = { ok: 60, mind: [60, 60, 60], no: [250], off: [40, 40, 40] };
let sound = null;

/** Browsers let a page sound only after a touch: call this from one. */
export function wake() {
  sound ??= window.AudioContext ? new AudioContext() : null;
  sound?.resume();
}

export function signal(kind) {
  navigator.vibrate?.(SHAKES[kind]);
  if (sound?.state !== "running") return;
  for (const [height, from, length] of TONES[kind]) {
    const tone = sound.createOscillator();
    const loud = sound.createGain();
    tone.frequency.value = height;
    loud.gain.setValueAtTime(0.25, sound.currentTime + from);
    loud.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + from + length);
    tone.connect(loud).connect(sound.destination);
    tone.start(sound.currentTime + from);
    tone.stop(sound.currentTime + from + length);
  }
}
