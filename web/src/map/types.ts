/** What a map is asked to draw. All places are WGS 84, degrees; what is unknown is left out. */

export interface LatLon {
  lat: number;
  lon: number;
}

/** A live position. */
export interface LiveDot extends LatLon {
  /** Radius of the circle it lies in, metres; null or 0 = unknown, no circle. */
  acc_m: number | null;
  /** Course over ground, degrees from north; no arrow without it. */
  course_deg?: number | null;
  /** Old: drawn grey. */
  stale?: boolean;
  /** Said instead of "vehicle" in the words for screen readers. */
  label?: string;
}

export interface TrailPoint extends LatLon {
  t_ms: number;
}

export interface MapCamera extends LatLon {
  id: string;
  /** Whether it sees: false is drawn grey. */
  ok?: boolean;
  label?: string;
}

export interface MapIncident extends LatLon {
  id: string;
  /** 0 to 4. */
  level: number;
  state: string;
  label?: string;
}
