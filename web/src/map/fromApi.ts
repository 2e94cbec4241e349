/** What the API tells of fixes and cameras, as the map takes it. */
import type { MapCamera, TrailPoint } from "./types";

interface Fix {
  lat_deg: number;
  lon_deg: number;
  t_ms: number;
}

interface NearCamera {
  id: string;
  name: string;
  lat_deg: number;
  lon_deg: number;
  works: boolean;
}

export function trailOf(fixes: readonly Fix[]): TrailPoint[] {
  return fixes.map(({ lat_deg, lon_deg, t_ms }) => ({ lat: lat_deg, lon: lon_deg, t_ms }));
}

export function camerasOf(cameras: readonly NearCamera[]): MapCamera[] {
  return cameras.map(({ id, name, lat_deg, lon_deg, works }) => ({
    id,
    lat: lat_deg,
    lon: lon_deg,
    ok: works,
    label: name || id,
  }));
}
