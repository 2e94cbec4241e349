/** Live positions of open incidents, kept for the pages that come after the stream has told them. */
import { useState } from "react";
import { useLive } from "../live/live";

export interface LivePosition {
  lat: number;
  lon: number;
  accM: number | null;
  courseDeg: number | null;
  tMs: number;
}

/** The newest position of each incident; `position` events have no number and no repeat. */
export type Positions = ReadonlyMap<string, LivePosition>;

/** Put one event's position to the others; what is no position changes nothing. Pure. */
export function withPosition(before: Positions, data: unknown): Positions {
  const told = data as Record<string, unknown> | null;
  const { incident_id: id, lat_deg: lat, lon_deg: lon, t_ms: tMs } = told ?? {};
  if (typeof id !== "string" || typeof lat !== "number" || typeof lon !== "number") return before;
  if (typeof tMs !== "number" || (before.get(id)?.tMs ?? 0) > tMs) return before;
  const position = {
    lat,
    lon,
    accM: typeof told?.acc_m === "number" ? told.acc_m : null,
    courseDeg: typeof told?.course_deg === "number" ? told.course_deg : null,
    tMs,
  };
  return new Map(before).set(id, position);
}

export function usePositions(): Positions {
  const [positions, setPositions] = useState<Positions>(new Map());
  useLive("position", (event) => setPositions((before) => withPosition(before, event.data)));
  return positions;
}
