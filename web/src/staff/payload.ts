/** A payload as lines to read: bytes in hex with what of them is printable. Never markup. */

export interface HexLine {
  offset: string;
  hex: string;
  text: string;
}

const WIDTH = 16;

/** Bytes shown at most; the rest is in the API's answer. */
export const SHOWN_BYTES = 4_096;

export function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function hexLines(bytes: Uint8Array): HexLine[] {
  const lines: HexLine[] = [];
  const end = Math.min(bytes.length, SHOWN_BYTES);
  for (let start = 0; start < end; start += WIDTH) {
    const part = [...bytes.subarray(start, Math.min(end, start + WIDTH))];
    lines.push({
      offset: start.toString(16).padStart(4, "0"),
      hex: part.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
      text: part
        .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·"))
        .join(""),
    });
  }
  return lines;
}

/** JSON with its members on lines of their own; what is no JSON stays as it came. */
export function laidOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
