/** Which devices of the list shown have changed since it was read: told, never moved. */
import type { DeviceFilter } from "./healthFilter";

interface HealthState {
  presence?: string;
  condition?: string;
  admin?: string;
  causes?: { code: string }[];
}

/** One change of the stream's `health` event (docs/api.md, Stream). */
export interface HealthChange extends HealthState {
  device: string;
  cls: string;
  area: string;
  site_id: string | null;
  was: HealthState | null;
}

export interface News {
  /** Ids of devices that changed. */
  changed: ReadonlySet<string>;
  /** Some changes were not told: their number is not known. */
  missed: boolean;
}

export const NO_NEWS: News = { changed: new Set(), missed: false };

/** What is known after one event of the stream; the same object when it concerns nobody here. */
export function heard(news: News, event: unknown, filter: DeviceFilter): News {
  const { changes, missed } = (event ?? {}) as { changes?: HealthChange[]; missed?: boolean };
  const touching = (changes ?? []).filter((change) => touches(change, filter));
  if (touching.length === 0 && !missed) return news;
  return {
    changed: new Set([...news.changed, ...touching.map((change) => change.device)]),
    missed: news.missed || missed === true,
  };
}

/** Whether a list with this filter may look otherwise now; vendor, model and text are not told. */
export function touches(change: HealthChange, filter: DeviceFilter): boolean {
  const registered =
    among(filter.cls, change.cls) &&
    among(filter.site, change.site_id ?? "") &&
    change.area.startsWith(filter.district);
  return registered && (fits(change, filter) || (change.was !== null && fits(change.was, filter)));
}

function fits(state: HealthState, filter: DeviceFilter): boolean {
  const codes = (state.causes ?? []).map((cause) => cause.code);
  return (
    among(filter.presence, state.presence ?? "") &&
    among(filter.admin, state.admin ?? "") &&
    (filter.condition === null || filter.condition === state.condition) &&
    (filter.cause.length === 0 || codes.some((code) => filter.cause.includes(code)))
  );
}

function among(words: readonly string[], word: string): boolean {
  return words.length === 0 || words.includes(word);
}
