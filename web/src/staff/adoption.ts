/** Who an unknown device is, as far as its held messages say it. */
import type { Schemas } from "../api/client";

export const CLASSES = ["trk", "chg", "cam", "gw"] as const;
export type DeviceClass = (typeof CLASSES)[number];

/** The class that all its topics name; null when they do not agree, or none names one. */
export function classOf(topics: readonly string[]): DeviceClass | null {
  const words = new Set<DeviceClass>();
  for (const topic of topics) {
    const word = topic.split("/").at(-3);
    const found = CLASSES.find((one) => one === word);
    if (found) words.add(found);
  }
  const [only, ...others] = words;
  return only !== undefined && others.length === 0 ? only : null;
}

export interface Stranger {
  adapter: string;
  id: string;
}

/** `jt808:0139` is an adapter's stranger; a colon is in no id of ours. */
export function strangerOf(name: string): Stranger | null {
  const colon = name.indexOf(":");
  if (colon < 1 || colon === name.length - 1) return null;
  return { adapter: name.slice(0, colon), id: name.slice(colon + 1) };
}

const ID = /^[a-z0-9-]{1,64}$/;

/** What is wrong with a new id, null = nothing; the server asks the same, and more. */
export function idFault(id: string): "id_fault" | "id_ours" | null {
  if (!ID.test(id)) return "id_fault";
  return id.startsWith("pg-") ? "id_ours" : null;
}

interface Wanted {
  id: string;
  cls: DeviceClass;
  vehicle: string;
  site: string;
  area: string;
}

/** The body of an adoption; fields left empty are left out. */
export function adoptionOf(wanted: Wanted, stranger: Stranger | null) {
  return {
    id: wanted.id,
    cls: wanted.cls,
    ...(wanted.vehicle ? { vehicle_id: wanted.vehicle } : {}),
    ...(wanted.site ? { site_id: wanted.site } : {}),
    ...(wanted.area ? { area: wanted.area } : {}),
    ...(stranger ? { profile: { foreign: { [stranger.adapter]: stranger.id } } } : {}),
  } as Schemas["DeviceIn"]; // fields with a default may be left out
}
