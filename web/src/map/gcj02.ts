/**
 * WGS 84 to GCJ-02, for base maps in that system: the published deviations, as in
 * devices/crs.py, against whose table the test holds them. Outside a rough box round China
 * nothing deviates.
 */
import type { LatLon } from "./types";

const SOUTH = 0.8293;
const NORTH = 55.8271;
const WEST = 72.004;
const EAST = 137.8347;
/** Krasovsky 1940: semi-major axis in metres, eccentricity squared. */
const AXIS_M = 6_378_245;
const ECCENTRICITY_2 = 0.006693421622965943;

const { PI, sin, cos, sqrt, abs } = Math;

function ripples(x: number, long: number, longest: number): number {
  return 2 * sin(x) + 4 * sin(x / 3) + long * sin(x / 12) + longest * sin(x / 30);
}

export function toGcj02({ lat, lon }: LatLon): LatLon {
  if (lat < SOUTH || lat > NORTH || lon < WEST || lon > EAST) return { lat, lon };
  const x = lon - 105;
  const y = lat - 35;
  const root = sqrt(abs(x));
  const shared = 2 * sin(6 * PI * x) + 2 * sin(2 * PI * x);
  const northM =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * root +
    (shared + ripples(PI * y, 16, 32)) * (20 / 3);
  const eastM =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * root +
    (shared + ripples(PI * x, 15, 30)) * (20 / 3);
  const phi = (lat * PI) / 180;
  const magic = 1 - ECCENTRICITY_2 * sin(phi) ** 2;
  const mPerRadNorth = (AXIS_M * (1 - ECCENTRICITY_2)) / (magic * sqrt(magic));
  const mPerRadEast = (AXIS_M / sqrt(magic)) * cos(phi);
  return {
    lat: lat + ((northM / mPerRadNorth) * 180) / PI,
    lon: lon + ((eastM / mPerRadEast) * 180) / PI,
  };
}

/** How WGS 84 is drawn on a map in `crs`. */
export function placerOf(crs: "wgs84" | "gcj02"): (place: LatLon) => LatLon {
  return crs === "gcj02" ? toGcj02 : (place) => place;
}
