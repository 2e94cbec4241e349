/** A trail that fades with its age. */
import type { Position } from "./geometry";
import type { TrailPoint } from "./types";

/** The oldest piece is drawn this strong, the newest fully: it must still be seen. */
const FAINTEST = 0.25;
/** Pieces of one trail: more would not be told apart. */
const PIECES = 8;
/** Two points further apart in time are not joined: nobody knows the way between them, ms. */
export const GAP_MS = 180_000;

export interface TrailPiece {
  line: Position[];
  /** 0 to 1. */
  strength: number;
}

/** Lines from old to new, each of one strength by its age; gaps in time are left open. */
export function trailPieces(points: readonly TrailPoint[]): TrailPiece[] {
  const sorted = [...points].sort((a, b) => a.t_ms - b.t_ms);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (!first || !last || sorted.length < 2) return [];
  const span = Math.max(1, last.t_ms - first.t_ms);
  const pieces: (TrailPiece & { band: number; endMs: number })[] = [];
  let before = first;
  for (const point of sorted.slice(1)) {
    const joined = point.t_ms - before.t_ms <= GAP_MS;
    const band = Math.min(PIECES - 1, Math.floor((PIECES * (point.t_ms - first.t_ms)) / span));
    const open = pieces.at(-1);
    const here: Position = [point.lon, point.lat];
    if (joined && open?.band === band && open.endMs === before.t_ms) {
      open.line.push(here);
      open.endMs = point.t_ms;
    } else if (joined) {
      const strength = FAINTEST + (1 - FAINTEST) * (band / (PIECES - 1));
      const line: Position[] = [[before.lon, before.lat], here];
      pieces.push({ line, strength, band, endMs: point.t_ms });
    }
    before = point;
  }
  return pieces.map(({ line, strength }) => ({ line, strength }));
}
