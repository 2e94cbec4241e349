/** Where each line of the queue stands on the map. Pure. */
import type { Positions } from "./live";
import type { Item } from "./queue";

export interface DeskDot {
  item: Item;
  lat: number;
  lon: number;
}

/** The live position of an incident, else where it was last; what has no place has no dot. */
export function dotsOf(items: readonly Item[], positions: Positions): DeskDot[] {
  const dots: DeskDot[] = [];
  for (const item of items) {
    const live = item.type === "incident" ? positions.get(item.id) : undefined;
    const lat = live?.lat ?? item.lat;
    const lon = live?.lon ?? item.lon;
    if (lat !== null && lon !== null) dots.push({ item, lat, lon });
  }
  return dots;
}
