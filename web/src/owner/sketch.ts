/** Places on a small drawing: metres east and north, fitted into a box. */

export interface Place {
  lat_deg: number;
  lon_deg: number;
}

export interface Sketch {
  points: { x: number; y: number }[];
  /** Pixels of one metre. */
  perM: number;
  /** The scale's bar: its metres and pixels. */
  bar: { m: number; px: number };
}

const M_PER_DEG = 111_320;
/** A drawing shows at least so much, metres: noise of a parked vehicle shall not look like a ride. */
const LEAST_M = 200;

/** Fit places into a box; `reachM` metres around the last one are inside, too. */
export function sketchOf(
  places: readonly Place[],
  reachM: number,
  box: { width: number; height: number; edge: number },
): Sketch | null {
  const last = places.at(-1);
  if (!last) return null;
  const shrink = Math.cos((last.lat_deg * Math.PI) / 180);
  const metres = places.map((place) => ({
    x: (place.lon_deg - last.lon_deg) * M_PER_DEG * shrink,
    y: (last.lat_deg - place.lat_deg) * M_PER_DEG,
  }));
  const xs = [...metres.map((at) => at.x), -reachM, reachM];
  const ys = [...metres.map((at) => at.y), -reachM, reachM];
  const [west, east] = [Math.min(...xs), Math.max(...xs)];
  const [north, south] = [Math.min(...ys), Math.max(...ys)];
  const perM = Math.min(
    (box.width - 2 * box.edge) / Math.max(east - west, LEAST_M),
    (box.height - 2 * box.edge) / Math.max(south - north, LEAST_M),
  );
  const points = metres.map((at) => ({
    x: box.width / 2 + (at.x - (west + east) / 2) * perM,
    y: box.height / 2 + (at.y - (north + south) / 2) * perM,
  }));
  const m = round125(70 / perM);
  return { points, perM, bar: { m, px: m * perM } };
}

/** The largest of 1, 2, 5, 10, 20, 50 ... not above. */
export function round125(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = value / power;
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}
