/** What changes on a map, as GeoJSON. */
import type { Feature, FeatureCollection } from "geojson";
import { circleRing } from "./geometry";
import { trailPieces } from "./trail";
import type { LatLon, LiveDot, MapCamera, MapIncident, TrailPoint } from "./types";

export type Placer = (place: LatLon) => LatLon;

/** Incidents drawn at most, the gravest first; the list beside the map has them all. */
export const INCIDENTS_MAX = 500;

export const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}

function point(place: LatLon, properties: Record<string, unknown>): Feature {
  return {
    type: "Feature",
    properties,
    geometry: { type: "Point", coordinates: [place.lon, place.lat] },
  };
}

/** The dot, its circle, me. */
export function liveFeatures(
  dot: LiveDot | null | undefined,
  me: LatLon | null | undefined,
  place: Placer,
): FeatureCollection {
  const features: Feature[] = [];
  if (dot) {
    const at = place(dot);
    const stale = dot.stale === true;
    if (dot.acc_m !== null && dot.acc_m > 0) {
      const ring = circleRing(at, dot.acc_m);
      features.push({
        type: "Feature",
        properties: { what: "accuracy", stale },
        geometry: { type: "Polygon", coordinates: [ring] },
      });
    }
    const course = dot.course_deg;
    const turned = course === null || course === undefined ? {} : { course };
    features.push(point(at, { what: "dot", stale, ...turned }));
  }
  if (me) features.push(point(place(me), { what: "me" }));
  return collection(features);
}

export function trailFeatures(trail: readonly TrailPoint[], place: Placer): FeatureCollection {
  const drawn = trail.map((at) => ({ ...place(at), t_ms: at.t_ms }));
  return collection(
    trailPieces(drawn).map(({ line, strength }) => ({
      type: "Feature",
      properties: { strength },
      geometry: { type: "LineString", coordinates: line },
    })),
  );
}

export function cameraFeatures(cameras: readonly MapCamera[], place: Placer): FeatureCollection {
  return collection(
    cameras.map((camera) => point(place(camera), { id: camera.id, ok: camera.ok !== false })),
  );
}

/** The gravest, and the chosen one whatever it is. */
export function drawnIncidents(
  incidents: readonly MapIncident[],
  selectedId: string | null | undefined,
): MapIncident[] {
  if (incidents.length <= INCIDENTS_MAX) return [...incidents];
  const chosen = (one: MapIncident) => (one.id === selectedId ? 1 : 0);
  return [...incidents]
    .sort((a, b) => chosen(b) - chosen(a) || b.level - a.level)
    .slice(0, INCIDENTS_MAX);
}

export function incidentFeatures(
  incidents: readonly MapIncident[],
  selectedId: string | null | undefined,
  place: Placer,
): FeatureCollection {
  return collection(
    drawnIncidents(incidents, selectedId).map((one) =>
      point(place(one), { id: one.id, level: one.level, chosen: one.id === selectedId }),
    ),
  );
}
