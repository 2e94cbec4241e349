/**
 * A grid's name stands once: at a point of its own. A name of the outline would be drawn in every
 * tile that the outline crosses. The worker makes the points: the page never sees the grids.
 */
import type { Feature, FeatureCollection, Polygon, Position } from "geojson";

/** Scheme under which the worker is asked for the grids with the points of their names. */
export const GRIDS_SCHEME = "grids";

/** Outlines as they are, and for each a point with `label`, and whether that is a code. */
export function withNames(grids: FeatureCollection): FeatureCollection {
  return { ...grids, features: [...grids.features, ...grids.features.flatMap(nameOf)] };
}

function nameOf(grid: Feature): Feature[] {
  const at = middleOf(largest(grid.geometry));
  const { name, id } = grid.properties ?? {};
  const label = String(name || id || "");
  if (at === null || label === "") return [];
  const geometry = { type: "Point" as const, coordinates: at };
  return [{ type: "Feature", properties: { label, is_code: !name }, geometry }];
}

function largest(geometry: Feature["geometry"] | null): Polygon["coordinates"] {
  if (geometry?.type === "Polygon") return geometry.coordinates;
  if (geometry?.type !== "MultiPolygon") return [];
  const size = (rings: Position[][]) => Math.abs(areaOf(rings[0] ?? []).area);
  return geometry.coordinates.reduce((most, one) => (size(one) > size(most) ? one : most), []);
}

/** A point inside: the middle of the widest stretch on the height of the centre of area. */
export function middleOf(rings: Position[][]): [number, number] | null {
  const { area, y } = areaOf(rings[0] ?? []);
  if (area === 0) return null;
  const crossed = rings.flatMap((ring) => crossings(ring, y)).sort((a, b) => a - b);
  let widest: [number, number] | null = null;
  for (let n = 0; n + 1 < crossed.length; n += 2) {
    const [from = 0, to = 0] = crossed.slice(n, n + 2);
    if (widest === null || to - from > widest[1] - widest[0]) widest = [from, to];
  }
  return widest && [(widest[0] + widest[1]) / 2, y];
}

function* edges(ring: Position[]): Generator<[number, number, number, number]> {
  for (const [n, [x1 = 0, y1 = 0]] of ring.entries()) {
    const [x2 = 0, y2 = 0] = ring[(n + 1) % ring.length] ?? [];
    yield [x1, y1, x2, y2];
  }
}

/** Twice the area, signed, and the height of its centre. */
function areaOf(ring: Position[]): { area: number; y: number } {
  const base = ring[0]?.[1] ?? 0;
  const west = ring[0]?.[0] ?? 0;
  let area = 0;
  let moment = 0;
  for (const [x1, y1, x2, y2] of edges(ring)) {
    const piece = (x1 - west) * (y2 - base) - (x2 - west) * (y1 - base);
    area += piece;
    moment += piece * (y1 + y2 - 2 * base);
  }
  return { area, y: area === 0 ? base : base + moment / (3 * area) };
}

function crossings(ring: Position[], y: number): number[] {
  const found: number[] = [];
  for (const [x1, y1, x2, y2] of edges(ring)) {
    if (y1 > y !== y2 > y) found.push(x1 + ((y - y1) * (x2 - x1)) / (y2 - y1));
  }
  return found;
}
