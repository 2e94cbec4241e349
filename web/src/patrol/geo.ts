/** From me to the vehicle: how far and which way. WGS 84, metres, degrees from north. */

export interface Place {
  lat: number;
  lon: number;
}

const EARTH_M = 6_371_008.8;
const RAD = Math.PI / 180;

/** Along the great circle, metres. */
export function distanceM(from: Place, to: Place): number {
  const dLat = (to.lat - from.lat) * RAD;
  const dLon = (to.lon - from.lon) * RAD;
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(from.lat * RAD) * Math.cos(to.lat * RAD) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The way to set out, degrees from north, 0 to 360. */
export function bearingDeg(from: Place, to: Place): number {
  const dLon = (to.lon - from.lon) * RAD;
  const y = Math.sin(dLon) * Math.cos(to.lat * RAD);
  const x =
    Math.cos(from.lat * RAD) * Math.sin(to.lat * RAD) -
    Math.sin(from.lat * RAD) * Math.cos(to.lat * RAD) * Math.cos(dLon);
  return (Math.atan2(y, x) / RAD + 360) % 360;
}

export const WINDS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;

/** The nearest of eight winds: a key of words.ts after `wind_`. */
export function windOf(deg: number): (typeof WINDS)[number] {
  const k = Math.round((((deg % 360) + 360) % 360) / 45) % 8;
  return WINDS[k] as (typeof WINDS)[number];
}

const UNITS = { en: { m: "m", km: "km" }, zh: { m: "米", km: "公里" } } as const;

/** Metres as one reads them: 7 m, 85 m, 340 m, 1.2 km, 14 km. */
export function spokenM(m: number, language: keyof typeof UNITS): string {
  const unit = UNITS[language];
  if (m < 100) return `${Math.round(m)} ${unit.m}`;
  if (m < 995) return `${Math.round(m / 10) * 10} ${unit.m}`;
  const km = m / 1000;
  return `${km < 9.95 ? km.toFixed(1) : Math.round(km)} ${unit.km}`;
}
