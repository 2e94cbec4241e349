/** Circles, boxes and distances on the ground, without a map. */
import type { LatLon } from "./types";

/** Metres per degree of latitude, on a sphere of 6,371,008.8 m (devices/geo.py). */
const M_PER_DEG = 111_194.9;
const STEPS = 72;

export type Position = [lon: number, lat: number];

/** A closed ring, `radiusM` metres from the middle on all sides: true at every zoom. */
export function circleRing(middle: LatLon, radiusM: number, steps = STEPS): Position[] {
  const perDegEast = M_PER_DEG * Math.cos((middle.lat * Math.PI) / 180);
  const ring: Position[] = [];
  for (let step = 0; step < steps; step += 1) {
    const angle = (2 * Math.PI * step) / steps;
    ring.push([
      middle.lon + (radiusM * Math.sin(angle)) / perDegEast,
      middle.lat + (radiusM * Math.cos(angle)) / M_PER_DEG,
    ]);
  }
  const [first] = ring;
  if (first) ring.push(first);
  return ring;
}

export type Box = [west: number, south: number, east: number, north: number];

/** The box round all places; null for none. */
export function boxOf(places: readonly LatLon[]): Box | null {
  let box: Box | null = null;
  for (const { lat, lon } of places) {
    box = box
      ? [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)]
      : [lon, lat, lon, lat];
  }
  return box;
}

/** The box with at least `marginM` metres on each side. */
export function widened([west, south, east, north]: Box, marginM: number): Box {
  const dLat = marginM / M_PER_DEG;
  const dLon = marginM / (M_PER_DEG * Math.cos((((south + north) / 2) * Math.PI) / 180));
  return [west - dLon, south - dLat, east + dLon, north + dLat];
}
